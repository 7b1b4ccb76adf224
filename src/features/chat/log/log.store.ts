import type { Kysely } from 'kysely';
import { defineStore, readMeta, writeMeta } from '../../../storage/store.js';
import {
  type ChatTables,
  keyIn,
  type MembersTable,
  portions,
  readEvents,
  readRoomViews,
  type RoomEvent,
  type RoomView,
  type RoomViewsQuery,
  type Stretch,
} from '../records/index.js';
import { writeMembers } from './append/index.js';

type Db = Kysely<ChatTables>;

/** The key of the log's epoch among the database's single values. */
const EPOCH = 'chat/epoch';

/** How far a member has read. */
export interface ReadPosition {
  readonly roomId: string;
  readonly userId: string;
  readonly seq: number;
}

/** What the rest of the service reads of the rooms' logs, and the little that is written beside them. */
export const store = defineStore({
  name: 'chat/log',
  url: import.meta.url,
  reads: {
    events: async (db: Db, stretch: Stretch): Promise<RoomEvent[]> => readEvents(db, stretch),

    heads: async (db: Db, roomIds: readonly string[]): Promise<[string, number][]> => {
      const heads: [string, number][] = [];
      for (const ids of portions(roomIds)) {
        const rows = await db.selectFrom('rooms').select(['id', 'head']).where('id', 'in', ids).execute();
        for (const { id, head } of rows) heads.push([id, head]);
      }
      return heads;
    },

    memberships: async (db: Db, userId: string) =>
      db
        .selectFrom('members')
        .innerJoin('rooms', 'rooms.id', 'members.room_id')
        .select(['rooms.id as roomId', 'rooms.head'])
        .where('members.user_id', '=', userId)
        .execute(),

    roomViews: async (db: Db, query: RoomViewsQuery): Promise<RoomView[]> => readRoomViews(db, query),
  },
  writes: {
    /** Returns the log's epoch: `newEpoch` at the first start and when the log may have been set back. */
    openEpoch: async (db: Db, { newEpoch, isSetBack }: { newEpoch: string; isSetBack: boolean }) => {
      const epoch = await readMeta(db, EPOCH);
      if (epoch !== undefined && !isSetBack) return epoch;
      await writeMeta(db, EPOCH, newEpoch);
      return newEpoch;
    },

    /** Moves read positions forward, never back; those of users who have left since are forgotten. */
    advance: async (db: Db, positions: readonly ReadPosition[]): Promise<void> => {
      for (const some of portions(positions)) await advance(db, some);
    },
  },
});

async function advance(db: Db, positions: readonly ReadPosition[]): Promise<void> {
  const wanted = new Map(
    positions.map((position) => [`${position.roomId} ${position.userId}`, position.seq]),
  );
  const seqOf = (member: MembersTable): number => wanted.get(`${member.room_id} ${member.user_id}`) ?? 0;
  const memberKeys = positions.map(({ roomId, userId }) => [roomId, userId]);
  const members = await db
    .selectFrom('members')
    .selectAll()
    .where(keyIn(['room_id', 'user_id'], memberKeys))
    .execute();
  const moving = members.filter((member) => seqOf(member) > member.read_seq);
  if (moving.length === 0) return;
  const eventKeys = moving.map((member) => [member.room_id, seqOf(member)]);
  const events = await db
    .selectFrom('room_events')
    .select(['room_id', 'seq', 'ordinal'])
    .where(keyIn(['room_id', 'seq'], eventKeys))
    .execute();
  const ordinals = new Map(events.map(({ room_id, seq, ordinal }) => [`${room_id} ${seq}`, ordinal]));
  const moved = moving.flatMap((member) => {
    const ordinal = ordinals.get(`${member.room_id} ${seqOf(member)}`);
    return ordinal === undefined ? [] : [{ ...member, read_seq: seqOf(member), read_ordinal: ordinal }];
  });
  await writeMembers(db, moved);
}
