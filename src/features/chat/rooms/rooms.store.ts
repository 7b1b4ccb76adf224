import { type Kysely, sql } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import {
  type ChatTables,
  type MembersTable,
  type PositionsAhead,
  readRoomViews,
  type RoomFacts,
  roomFacts,
  type RoomRole,
  type RoomsTable,
  type RoomView,
} from '../records/index.js';
import { listRooms, type RoomListQuery, type RoomPage } from './lists/room-list.store.js';

type Db = Kysely<ChatTables>;

export interface RoomQuery {
  readonly roomId: string;
  readonly userId: string;
  readonly ahead: PositionsAhead;
}

/** A member's place among the members, the longest-standing first. */
export interface MemberPlace {
  readonly joinedSeq: number;
  readonly userId: string;
}

export interface MembersQuery {
  readonly roomId: string;
  /** Who asks. */
  readonly userId: string;
  readonly place: MemberPlace | null;
  readonly limit: number;
}

export type MemberRow = Pick<MembersTable, 'user_id' | 'role' | 'joined_at' | 'joined_seq'>;

export interface Rank {
  readonly facts: RoomFacts;
  /** Null for one who is no member. */
  readonly role: RoomRole | null;
}

/** What is asked about rooms and their members. */
export const store = defineStore({
  name: 'chat/rooms',
  url: import.meta.url,
  reads: {
    /** The room as this user may see it: as its member, as anyone if it is a channel, or not at all. */
    visible: async (db: Db, { roomId, userId, ahead }: RoomQuery): Promise<RoomView | RoomFacts | null> => {
      const [view] = await readRoomViews(db, { userId, roomIds: [roomId], ahead });
      if (view) return view;
      const room = await findRoom(db, roomId);
      return room?.kind === 'channel' ? roomFacts(room) : null;
    },

    list: async (db: Db, query: RoomListQuery): Promise<RoomPage> => listRooms(db, query),

    /** One more than `limit` members; null when the one who asks is none. */
    members: async (db: Db, query: MembersQuery): Promise<MemberRow[] | null> => {
      if (!(await isMember(db, query.roomId, query.userId))) return null;
      return await memberRows(db, query);
    },

    rank: async (
      db: Db,
      { roomId, userId }: { roomId: string; userId: string | null },
    ): Promise<Rank | null> => {
      const room = await findRoom(db, roomId);
      if (!room) return null;
      const member = userId === null ? undefined : await findMember(db, roomId, userId);
      return { facts: roomFacts(room), role: member?.role ?? null };
    },

    /** The longest-standing members. */
    memberIds: async (db: Db, { roomId, limit }: { roomId: string; limit: number }): Promise<string[]> => {
      const rows = await db
        .selectFrom('members')
        .select('user_id')
        .where('room_id', '=', roomId)
        .orderBy('joined_seq')
        .limit(limit)
        .execute();
      return rows.map(({ user_id }) => user_id);
    },

    /** Those of `otherIds` who are in a room with the user. */
    sharing: async (db: Db, { userId, otherIds }: { userId: string; otherIds: readonly string[] }) => {
      if (otherIds.length === 0) return [];
      const rows = await db
        .selectFrom('members as theirs')
        .innerJoin('members as mine', 'mine.room_id', 'theirs.room_id')
        .select('theirs.user_id')
        .distinct()
        .where('theirs.user_id', 'in', otherIds)
        .where('mine.user_id', '=', userId)
        .execute();
      return rows.map(({ user_id }) => user_id);
    },
  },
  writes: {},
});

async function findRoom(db: Db, roomId: string): Promise<RoomsTable | undefined> {
  return await db.selectFrom('rooms').selectAll().where('id', '=', roomId).executeTakeFirst();
}

async function findMember(db: Db, roomId: string, userId: string): Promise<MembersTable | undefined> {
  return await db
    .selectFrom('members')
    .selectAll()
    .where('room_id', '=', roomId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

async function isMember(db: Db, roomId: string, userId: string): Promise<boolean> {
  return (await findMember(db, roomId, userId)) !== undefined;
}

async function memberRows(db: Db, { roomId, place, limit }: MembersQuery): Promise<MemberRow[]> {
  const after = place && sql<boolean>`(joined_seq, user_id) > (${place.joinedSeq}, ${place.userId})`;
  return await db
    .selectFrom('members')
    .select(['user_id', 'role', 'joined_at', 'joined_seq'])
    .where('room_id', '=', roomId)
    .$if(after !== null, (members) => members.where(after ?? sql.lit(true)))
    .orderBy('joined_seq')
    .orderBy('user_id')
    .limit(limit + 1)
    .execute();
}
