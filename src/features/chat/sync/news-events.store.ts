import type { Kysely } from 'kysely';
import { type ChatTables, type RoomEvent, withMessages } from '../records/index.js';
import type { RoomNews } from './room-news.js';

/** The events of these stretches, by room, ascending. One statement, however many rooms there are. */
export async function eventsOf(
  db: Kysely<ChatTables>,
  news: readonly RoomNews[],
): Promise<Map<string, RoomEvent[]>> {
  const rows = await db
    .selectFrom('room_events')
    .selectAll()
    .where((event) =>
      event.or(
        news.map(({ roomId, after, until }) =>
          event.and([event('room_id', '=', roomId), event('seq', '>', after), event('seq', '<=', until)]),
        ),
      ),
    )
    .orderBy('room_id')
    .orderBy('seq')
    .execute();
  const events = new Map(news.map(({ roomId }): [string, RoomEvent[]] => [roomId, []]));
  for (const event of await withMessages(db, rows)) events.get(event.roomId)?.push(event);
  return events;
}
