import { type Kysely, sql } from 'kysely';
import { keyIn, wanted, withManyKeys } from './many.store.js';
import { droppedByKey, tombstoneOf } from './retention/dropped-messages.store.js';
import type { ChatTables, MessagesTable } from './tables.js';

/** Members by `[room_id, user_id]`. */
export const membersByKey = withManyKeys((db, keys) =>
  db
    .selectFrom('members')
    .selectAll()
    .where(keyIn(['room_id', 'user_id'], keys)),
);

/** Messages by `[room_id, seq]`. */
export const messagesByKey = withManyKeys((db, keys) =>
  db
    .selectFrom(wanted(keys).as('wanted'))
    .innerJoin('messages', (join) =>
      join
        .on('messages.room_id', '=', sql.ref('wanted.column1'))
        .on('messages.seq', '=', sql.ref('wanted.column2')),
    )
    .selectAll('messages'),
);

/** Messages by `[room_id, sender_id, client_id]`. */
export const messagesByClientId = withManyKeys((db, keys) =>
  db
    .selectFrom('messages')
    .selectAll()
    .where(keyIn(['room_id', 'sender_id', 'client_id'], keys)),
);

/** Ordinals by `[room_id, seq]` of their events. */
const ordinalsByKey = withManyKeys((db, keys) =>
  db
    .selectFrom(wanted(keys).as('wanted'))
    .innerJoin('room_events', (join) =>
      join
        .on('room_events.room_id', '=', sql.ref('wanted.column1'))
        .on('room_events.seq', '=', sql.ref('wanted.column2')),
    )
    .select(['room_events.room_id', 'room_events.seq', 'room_events.ordinal']),
);

/** The place of an event or a message as the key of a map. */
export const placeKey = (roomId: string, seq: number): string => `${roomId} ${seq}`;

/** The messages at these places, those below the floor as deleted ones; where there is none, none. */
export async function messageRows(
  db: Kysely<ChatTables>,
  keys: readonly (readonly [string, number])[],
): Promise<Map<string, MessagesTable>> {
  const rows = await messagesByKey(db, keys);
  const found = new Map(rows.map((row) => [placeKey(row.room_id, row.seq), row]));
  const missing = keys.filter(([roomId, seq]) => !found.has(placeKey(roomId, seq)));
  for (const row of await droppedByKey(db, missing)) {
    found.set(placeKey(row.room_id, row.seq), tombstoneOf(row));
  }
  return found;
}

/** The ordinals of the events at these places. */
export async function ordinalsAt(
  db: Kysely<ChatTables>,
  keys: readonly (readonly [string, number])[],
): Promise<Map<string, number>> {
  const rows = await ordinalsByKey(db, keys);
  return new Map(rows.map((row) => [placeKey(row.room_id, row.seq), row.ordinal]));
}
