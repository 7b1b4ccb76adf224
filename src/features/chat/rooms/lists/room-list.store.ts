import type { Kysely } from 'kysely';
import {
  type ActiveRoom,
  advanced,
  type ChatTables,
  countsUntil,
  fitting,
  inOrder,
  type PositionsAhead,
  readRoomViews,
  type RoomOrder,
  type RoomView,
} from '../../records/index.js';

type Db = Kysely<ChatTables>;

export interface RoomListQuery {
  readonly userId: string;
  readonly ahead: PositionsAhead;
  readonly order: RoomOrder;
  readonly limit: number;
  readonly maxBytes: number;
}

export interface RoomPage {
  readonly rooms: readonly RoomView[];
  /** Null when no room remains. */
  readonly next: RoomOrder | null;
}

/**
 * The next rooms in the order of the first page, so that a room which becomes active while a client pages is neither
 * skipped nor given twice.
 */
export async function listRooms(db: Db, query: RoomListQuery): Promise<RoomPage> {
  const { userId, ahead, order, limit, maxBytes } = query;
  const candidates = [...(await movedRooms(db, query)), ...(await restingRooms(db, query))];
  const due = (await inOrder(db, order, candidates)).slice(0, limit + 1);
  const places = due.slice(0, limit);
  const roomIds = places.map(({ roomId }) => roomId);
  const views = await readRoomViews(db, { userId, roomIds, ahead });
  const rooms = fitting(views, maxBytes);
  const next = rooms.length === due.length ? null : advanced(order, places.slice(0, rooms.length));
  return { rooms, next };
}

function roomsOf(db: Db, userId: string) {
  return db
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select(['rooms.id as roomId', 'rooms.head', 'rooms.floor', 'rooms.last_active_at as lastActiveMs'])
    .where('members.user_id', '=', userId);
}

/** Those that became active since the first page. */
async function movedRooms(db: Db, { userId, order }: RoomListQuery): Promise<ActiveRoom[]> {
  return await roomsOf(db, userId).where('rooms.last_active_at', '>', countsUntil(order)).execute();
}

/** Of those that stand where they stood, enough for a page: the ones given already that are among them aside. */
async function restingRooms(db: Db, { userId, order, limit }: RoomListQuery): Promise<ActiveRoom[]> {
  const { last, given } = order;
  const rooms = roomsOf(db, userId).where('rooms.last_active_at', '<=', countsUntil(order));
  return await rooms
    .$if(last !== undefined, (resting) =>
      resting.where((room) =>
        room.or([
          room('rooms.last_active_at', '<', last?.activeMs ?? 0),
          room.and([
            room('rooms.last_active_at', '=', last?.activeMs ?? 0),
            room('rooms.id', '>', last?.roomId ?? ''),
          ]),
        ]),
      ),
    )
    .orderBy('rooms.last_active_at', 'desc')
    .orderBy('rooms.id')
    .limit(given.length + limit + 1)
    .execute();
}
