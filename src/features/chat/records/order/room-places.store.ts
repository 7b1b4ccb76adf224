import { type Kysely, sql } from 'kysely';
import { wanted, withManyKeys } from '../many.store.js';
import type { ChatTables } from '../tables.js';
import { byActivity, countsUntil, isDue, markOf, type OrderedRoom, type RoomOrder } from './room-order.js';

/** A room of a list, as it is now. */
export interface ActiveRoom {
  readonly roomId: string;
  readonly head: number;
  readonly floor: number;
  readonly lastActiveMs: number;
}

/**
 * Those of the rooms that are still to be given, in the order: a room that became active since the first page stands
 * where it stood. It takes one statement more when there are such rooms, however many.
 */
export async function inOrder<Room extends ActiveRoom>(
  db: Kysely<ChatTables>,
  order: RoomOrder,
  rooms: readonly Room[],
): Promise<(Room & OrderedRoom)[]> {
  const given = new Set(order.given);
  const left = given.size === 0 ? rooms : rooms.filter(({ roomId }) => !given.has(markOf(roomId)));
  const untilMs = countsUntil(order);
  const moved = left.filter(({ lastActiveMs }) => lastActiveMs > untilMs);
  const earlier = await activityUntil(db, moved, untilMs);
  const activeMs = ({ roomId, lastActiveMs }: Room): number =>
    lastActiveMs > untilMs ? (earlier.get(roomId) ?? 0) : lastActiveMs;
  return left
    .map((room) => ({ ...room, activeMs: activeMs(room) }))
    .filter((room) => isDue(order, room))
    .toSorted(byActivity);
}

/** The time of each room's last event up to that moment; rooms without one are absent. */
async function activityUntil(
  db: Kysely<ChatTables>,
  rooms: readonly ActiveRoom[],
  untilMs: number,
): Promise<Map<string, number>> {
  const rows = await lastEventsUntil(
    db,
    rooms.map(({ roomId, floor, head }) => [roomId, floor - 1, head, untilMs]),
  );
  return new Map(rows.map(({ roomId, at }) => [roomId, at]));
}

/**
 * The last events by `[room_id, seq below the first, seq of the last, time]`. No event of a room is older than the one
 * before it, so a log is searched by halves: it costs some twenty looks at a log of a million events.
 */
const lastEventsUntil = withManyKeys((db, keys) => ({
  compile: () =>
    sql<{ roomId: string; at: number }>`
      with recursive halves (room_id, low, high, until) as (
        select column1, column2, column3, column4 from ${wanted(keys)} as wanted
        union all
        select halves.room_id,
          case when room_events.at <= halves.until then room_events.seq else halves.low end,
          case when room_events.at <= halves.until then halves.high else room_events.seq - 1 end,
          halves.until
        from halves cross join room_events
        where halves.low < halves.high
          and room_events.room_id = halves.room_id
          and room_events.seq = (halves.low + halves.high + 1) / 2)
      select room_events.room_id as "roomId", room_events.at
      from halves cross join room_events
      where halves.low = halves.high
        and room_events.room_id = halves.room_id
        and room_events.seq = halves.low`.compile(db),
}));
