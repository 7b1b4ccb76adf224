import { type Kysely, sql } from 'kysely';
import { type ChatTables, type RoomEvent, wanted, withManyKeys, withMessages } from '../../records/index.js';
import type { RoomNews } from './room-news.js';

/** The events of these stretches, by room, ascending. One statement, however many rooms there are, and one for messages. */
export async function eventsOf(
  db: Kysely<ChatTables>,
  news: readonly RoomNews[],
): Promise<Map<string, RoomEvent[]>> {
  const rows = await eventsByStretch(
    db,
    news.map(({ roomId, after, until }) => [roomId, after, until]),
  );
  const ascending = rows.toSorted((one, other) => one.seq - other.seq);
  const events = new Map(news.map(({ roomId }): [string, RoomEvent[]] => [roomId, []]));
  for (const event of await withMessages(db, ascending)) events.get(event.roomId)?.push(event);
  return events;
}

/** Events by `[room_id, after, until]`. */
const eventsByStretch = withManyKeys((db, keys) =>
  db
    .selectFrom(wanted(keys).as('wanted'))
    // Not an inner join: SQLite would be free to begin with the events.
    .crossJoin('room_events')
    .selectAll('room_events')
    .whereRef('room_events.room_id', '=', sql.ref('wanted.column1'))
    .whereRef('room_events.seq', '>', sql.ref('wanted.column2'))
    .whereRef('room_events.seq', '<=', sql.ref('wanted.column3')),
);
