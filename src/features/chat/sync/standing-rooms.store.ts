import { type Kysely, sql, type SqlBool } from 'kysely';
import { type ActiveRoom, type ChatTables, wanted, withManyKeys } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** What the client says of a room, and where the room is. */
export interface NamedRoom {
  readonly roomId: string;
  /** Null: the user is no member. */
  readonly head: number | null;
  readonly floor: number;
  readonly lastActiveMs: number;
}

/** No log has this head: every room's head differs from it. */
const NO_HEAD = -1;

/**
 * Those of the named rooms that have something to be told: their head is another, or the user is no member. Rooms that
 * are up to date stay inside the database; with `isOtherEpoch` none is.
 */
export async function namedRooms(
  db: Db,
  userId: string,
  named: ReadonlyMap<string, number>,
  isOtherEpoch: boolean,
): Promise<NamedRoom[]> {
  return await differingRooms(
    db,
    [...named].map(([roomId, seq]) => [roomId, userId, isOtherEpoch ? NO_HEAD : seq]),
  );
}

/** Named rooms by `[room_id, user_id, head]`. */
const differingRooms = withManyKeys<NamedRoom>((db, keys) =>
  db
    .selectFrom(wanted(keys).as('named'))
    .leftJoin('members', (join) =>
      join
        .on('members.room_id', '=', sql.ref('named.column1'))
        .on('members.user_id', '=', sql.ref('named.column2')),
    )
    .leftJoin('rooms', 'rooms.id', 'members.room_id')
    .select([
      sql<string>`named.column1`.as('roomId'),
      'rooms.head',
      sql<number>`coalesce(rooms.floor, 1)`.as('floor'),
      sql<number>`coalesce(rooms.last_active_at, 0)`.as('lastActiveMs'),
    ])
    .where(sql<SqlBool>`named.column1 is not null`)
    .where(sql<SqlBool>`(rooms.head is null or rooms.head <> named.column3)`),
);

/** How many rooms the user is in. */
export async function countRooms(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('members')
    .select((member) => member.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** All of the user's rooms. */
export async function roomsOf(db: Db, userId: string): Promise<ActiveRoom[]> {
  return await db
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select(['rooms.id as roomId', 'rooms.head', 'rooms.floor', 'rooms.last_active_at as lastActiveMs'])
    .where('members.user_id', '=', userId)
    .execute();
}
