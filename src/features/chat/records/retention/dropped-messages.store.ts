import { sql } from 'kysely';
import { keyIn, wanted, withManyKeys } from '../many.store.js';
import type { DroppedMessagesTable, MessagesTable } from '../tables.js';

/** Messages below the floor by `[room_id, sender_id, client_id]`. */
export const droppedByClientId = withManyKeys((db, keys) =>
  db
    .selectFrom('dropped_messages')
    .selectAll()
    .where(keyIn(['room_id', 'sender_id', 'client_id'], keys)),
);

/** Messages below the floor by `[room_id, seq]`, if they were edited: no other is in an event above it. */
export const droppedByKey = withManyKeys((db, keys) =>
  db
    .selectFrom(wanted(keys).as('wanted'))
    .innerJoin('dropped_messages', (join) =>
      join
        .on('dropped_messages.room_id', '=', sql.ref('wanted.column1'))
        .on('dropped_messages.seq', '=', sql.ref('wanted.column2'))
        .on('dropped_messages.edited_at', 'is not', null),
    )
    .selectAll('dropped_messages'),
);

/** A message below the floor as a deleted one. */
export function tombstoneOf(dropped: DroppedMessagesTable): MessagesTable {
  return {
    ...dropped,
    request_hash: null,
    text: '',
    reply_count: 0,
    mentions: '[]',
    meta: null,
    attachments: '[]',
  };
}
