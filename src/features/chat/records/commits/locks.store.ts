import { type Kysely, sql } from 'kysely';
import { dialectOf } from '../../../../storage/store.js';
import { keyIn, withManyKeys } from '../many.store.js';
import type { ChatTables } from '../tables.js';
import { OUTBOX_LOCK } from './outbox-lock.js';

type Db = Kysely<ChatTables>;

/*
 * For those whose statements touch the rows in an order of the server's choosing: who locks them by their keys first waits for
 * nobody crosswise. SQLite has one writer, and needs no lock.
 */

/** Locks members' rows by `[room_id, user_id]`. Whoever writes them and has not locked their room begins with this. */
export async function lockMembers(db: Db, keys: readonly (readonly [string, string])[]): Promise<void> {
  if (dialectOf(db) === 'postgres') await membersForUpdate(db, keys);
}

/** Locks rooms by their ids, for whoever changes them other than by an append. */
export async function lockRooms(db: Db, ids: readonly string[]): Promise<void> {
  if (dialectOf(db) === 'sqlite') return;
  await roomsForUpdate(
    db,
    ids.map((id) => [id]),
  );
}

/** Holds the consumers as they are until the commit: appends do, and do not hold up one another. */
export async function shareConsumers(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${sql.lit(OUTBOX_LOCK)})`.execute(db);
}

/**
 * Waits until all appends that have begun are over, and holds up those that come: a consumer that is written under it misses
 * nothing that is committed from then on.
 */
export async function lockConsumers(db: Db): Promise<void> {
  if (dialectOf(db) === 'sqlite') return;
  await sql`select pg_advisory_xact_lock(${sql.lit(OUTBOX_LOCK)})`.execute(db);
}

/** Locks a consumer's rows of these rooms, as an append does that moves their ends. */
export async function lockOutbox(db: Db, consumer: string, roomIds: readonly string[]): Promise<void> {
  if (dialectOf(db) === 'sqlite') return;
  await outboxForUpdate(
    db,
    roomIds.toSorted((one, other) => (one < other ? -1 : 1)).map((roomId) => [consumer, roomId]),
  );
}

const roomsForUpdate = withManyKeys((db, keys) =>
  db
    .selectFrom('rooms')
    .select('id')
    .where(keyIn(['id'], keys))
    .orderBy('id')
    .forNoKeyUpdate(),
);

const membersForUpdate = withManyKeys((db, keys) =>
  db
    .selectFrom('members')
    .select('user_id')
    .where(keyIn(['room_id', 'user_id'], keys))
    .orderBy('room_id')
    .orderBy('user_id')
    .forNoKeyUpdate(),
);

const outboxForUpdate = withManyKeys((db, keys) =>
  db
    .selectFrom('outbox')
    .select('room_id')
    .where(keyIn(['consumer', 'room_id'], keys))
    .orderBy('room_id')
    .forUpdate(),
);
