import type { Kysely } from 'kysely';
import { dialectOf } from '../../../../../storage/store.js';
import {
  type ChatTables,
  insertingMany,
  type OutboxTable,
  type RoomEventsTable,
} from '../../../records/index.js';
import { type Interest, wants } from './interest.js';

/**
 * For whom events are kept. Where nodes share the database another one may have registered a consumer since this node was
 * told: whoever holds the lock that `lockFor` takes reads it there.
 */
export async function interestsIn(
  db: Kysely<ChatTables>,
  told: readonly Interest[] = [],
): Promise<readonly Interest[]> {
  if (dialectOf(db) === 'sqlite') return told;
  const rows = await db.selectFrom('log_consumers').select(['name', 'types']).orderBy('name').execute();
  return rows.map(({ name, types }) => ({
    consumer: name,
    types: JSON.parse(types) as Interest['types'],
  }));
}

/**
 * Notes for each consumer the rooms that have new events for it. A room that is noted already only has its end moved,
 * so a consumer that is behind costs no row an event. Without consumers this is no statement at all.
 */
export async function writeOutbox(
  db: Kysely<ChatTables>,
  interests: readonly Interest[],
  events: readonly RoomEventsTable[],
  nowMs: number,
): Promise<void> {
  await upsertOutbox(
    db,
    interests.flatMap((interest) => rowsFor(interest, events, nowMs)),
  );
}

/** In the order of the rooms' ids: whoever locks rows does it in this order. */
function rowsFor(interest: Interest, events: readonly RoomEventsTable[], nowMs: number): OutboxTable[] {
  const rows = new Map<string, OutboxTable>();
  for (const { room_id, seq, type } of events) {
    if (!wants(interest, type)) continue;
    const row = rows.get(room_id);
    if (row) row.last_seq = seq;
    else rows.set(room_id, newRow(interest.consumer, room_id, seq, nowMs));
  }
  return [...rows.values()].toSorted((one, other) => (one.room_id < other.room_id ? -1 : 1));
}

function newRow(consumer: string, room_id: string, seq: number, queued_at: number): OutboxTable {
  return { consumer, room_id, after_seq: seq - 1, last_seq: seq, queued_at };
}

/**
 * The update locks the row in PostgreSQL too, so that a consumer that is done with the room at this moment either sees
 * the new end or has its row made anew.
 */
const upsertOutbox = insertingMany<OutboxTable>(
  ['consumer', 'room_id', 'after_seq', 'last_seq', 'queued_at'],
  (db, rows) =>
    db
      .insertInto('outbox')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['consumer', 'room_id'])
          .doUpdateSet((row) => ({ last_seq: row.ref('excluded.last_seq') })),
      ),
);
