import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import { dialectOf } from '../../../../../storage/store.js';
import {
  type ChatTables,
  keyIn,
  lockMembers,
  lockRooms,
  shareConsumers,
  withManyKeys,
} from '../../../records/index.js';
import { type Change, type CreateRoom, pairOf } from '../change.js';
import { standingsOf } from './standings.js';

/*
 * On PostgreSQL many nodes append at once. Each locks the rows that its changes stand on, then looks: what is read by later
 * statements is what was committed before the locks were had. Everyone locks in this order, so that few wait crosswise: the consumers, rooms,
 * keys of creations, members, streams, attachments, each by their keys. SQLite has one writer, and needs no lock.
 */

type Db = Kysely<ChatTables>;

/** `wait`: for rooms that are not free, as long as the server lets one. `skip`: leave their changes for later. */
export type Locking = 'wait' | 'skip';

/** Locks what the changes stand on, and gives those that are left for later, which stand on nothing yet. */
export async function lockFor(
  db: Db,
  changes: readonly Change[],
  locking: Locking,
): Promise<ReadonlySet<Change>> {
  if (dialectOf(db) === 'sqlite') return new Set();
  await shareConsumers(db);
  const busy = await lockRoomsOf(db, changes, locking);
  const left = new Set(changes.filter(({ roomId }) => busy.has(roomId)));
  const creations = changes.filter((change) => change.change === 'create');
  if (locking === 'wait') await lockCreations(db, creations);
  else for (const creation of creations) if (!(await tryCreation(db, creation))) left.add(creation);
  const locked = changes.filter((change) => !left.has(change));
  await lockMembers(db, locked.flatMap(standingsOf));
  await lockStreams(db, locked);
  await lockAttachments(db, locked);
  return left;
}

/** Gives the rooms that are not free. */
async function lockRoomsOf(
  db: Db,
  changes: readonly Change[],
  locking: Locking,
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(changes.filter(({ change }) => change !== 'create').map(({ roomId }) => roomId))];
  if (locking === 'wait') {
    await lockRooms(db, ids);
    return new Set();
  }
  const keys = ids.map((id) => [id]);
  const free = new Set((await freeRoomsForUpdate(db, keys)).map(({ id }) => id));
  const others = await roomsThere(
    db,
    ids.filter((id) => !free.has(id)).map((id) => [id]),
  );
  return new Set(others.map(({ id }) => id));
}

/** There is no row yet that two nodes who create the same room could meet at: they meet at locks of its names. */
function namesOf(creation: CreateRoom): string[] {
  const { actorId, clientId } = creation;
  const pair = pairOf(creation);
  return [
    ...(pair === null ? [] : [`direct ${pair}`]),
    ...(clientId === null ? [] : [`request ${actorId} ${clientId}`]),
  ];
}

async function lockCreations(db: Db, creations: readonly CreateRoom[]): Promise<void> {
  const names = new Set(creations.flatMap(namesOf));
  for (const name of [...names].toSorted()) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(db);
  }
}

/** False when another node is at one of its names. */
async function tryCreation(db: Db, creation: CreateRoom): Promise<boolean> {
  for (const name of namesOf(creation)) {
    const { rows } = await sql<{ locked: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`.execute(db);
    if (rows[0]?.locked === false) return false;
  }
  return true;
}

async function lockStreams(db: Db, changes: readonly Change[]): Promise<void> {
  const ids = changes.flatMap((change) => {
    if (change.change === 'stream.abort') return [change.streamId];
    return change.change === 'stream.end' ? [change.id] : [];
  });
  await streamsForUpdate(
    db,
    ids.map((id) => [id]),
  );
}

async function lockAttachments(db: Db, changes: readonly Change[]): Promise<void> {
  const ids = changes.flatMap((change) => (change.change === 'send' ? change.attachmentIds : []));
  await attachmentsForUpdate(
    db,
    ids.map((id) => [id]),
  );
}

const byId = (db: Db, table: 'rooms' | 'streams' | 'attachments', keys: Parameters<typeof keyIn>[1]) =>
  (db.selectFrom(table) as SelectQueryBuilder<ChatTables, 'rooms', object>)
    .select('id')
    .where(keyIn(['id'], keys))
    .orderBy('id')
    .forNoKeyUpdate();

const freeRoomsForUpdate = withManyKeys((db, keys) => byId(db, 'rooms', keys).skipLocked());
const streamsForUpdate = withManyKeys((db, keys) => byId(db, 'streams', keys));
const attachmentsForUpdate = withManyKeys((db, keys) => byId(db, 'attachments', keys));

const roomsThere = withManyKeys((db, keys) =>
  db
    .selectFrom('rooms')
    .select('id')
    .where(keyIn(['id'], keys)),
);
