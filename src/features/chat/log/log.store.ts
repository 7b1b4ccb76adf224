import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import {
  type ChatTables,
  keyIn,
  lockMembers,
  membersByKey,
  messagesByKey,
  ordinalsAt,
  placeKey,
  withManyKeys,
  type MembersTable,
  readEvents,
  readRoomViews,
  type RoomEvent,
  roomFacts,
  type RoomFacts,
  type RoomView,
  type RoomViewsQuery,
  type Stretch,
} from '../records/index.js';
import { moveThreadPositions, writeMembers } from './append/index.js';

type Db = Kysely<ChatTables>;

/** How far a member has read a room or, with `threadSeq`, a thread in it. */
export interface ReadPosition {
  readonly roomId: string;
  readonly userId: string;
  readonly threadSeq?: number;
  readonly seq: number;
}

/** What the rest of the service reads of the rooms' logs, and the little that is written beside them. */
export const store = defineStore({
  name: 'chat/log',
  url: import.meta.url,
  reads: {
    events: async (db: Db, stretch: Stretch): Promise<RoomEvent[]> => readEvents(db, stretch),

    heads: async (db: Db, roomIds: readonly string[]): Promise<[string, number][]> => {
      const rows = await headsOf(
        db,
        roomIds.map((id) => [id]),
      );
      return rows.map(({ id, head }) => [id, head]);
    },

    memberships: async (db: Db, userIds: readonly string[]) =>
      membershipsOf(
        db,
        userIds.map((id) => [id]),
      ),

    roomFacts: async (db: Db, roomId: string): Promise<RoomFacts | null> => {
      const row = await db.selectFrom('rooms').selectAll().where('id', '=', roomId).executeTakeFirst();
      return row ? roomFacts(row) : null;
    },

    roomViews: async (db: Db, query: RoomViewsQuery): Promise<RoomView[]> => readRoomViews(db, query),
  },
  writes: {
    /** Moves read positions forward, never back; those of users who have left since are forgotten. */
    advance: async (db: Db, positions: readonly ReadPosition[]): Promise<void> => {
      const keys = positions.map(({ roomId, userId }) => [roomId, userId] as const);
      await lockMembers(db, keys);
      const members = await membersByKey(db, keys);
      await advanceInRooms(db, positions, members);
      await advanceInThreads(db, positions, members);
    },
  },
  onPostgres: { advance: 'locks' },
});

const membershipsOf = withManyKeys<{ userId: string; roomId: string; head: number }>((db, keys) =>
  db
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select(['members.user_id as userId', 'rooms.id as roomId', 'rooms.head'])
    .where(keyIn(['members.user_id'], keys)),
);

const headsOf = withManyKeys((db, keys) =>
  db
    .selectFrom('rooms')
    .select(['id', 'head'])
    .where(keyIn(['id'], keys)),
);

const floorsOf = withManyKeys((db, keys) =>
  db
    .selectFrom('rooms')
    .select(['id', 'floor', 'floor_ordinal'])
    .where(keyIn(['id'], keys)),
);

async function advanceInRooms(
  db: Db,
  positions: readonly ReadPosition[],
  members: readonly MembersTable[],
): Promise<void> {
  const wanted = new Map(
    positions
      .filter(({ threadSeq }) => threadSeq === undefined)
      .map(({ roomId, userId, seq }) => [`${roomId} ${userId}`, seq]),
  );
  const seqOf = (member: MembersTable): number => wanted.get(`${member.room_id} ${member.user_id}`) ?? 0;
  const moving = members.filter((member) => seqOf(member) > member.read_seq);
  const places = moving.map((member) => [member.room_id, seqOf(member)] as const);
  const ordinals = await ordinalsOf(db, places);
  const moved = moving.flatMap((member) => {
    const read_ordinal = ordinals.get(placeKey(member.room_id, seqOf(member)));
    return read_ordinal === undefined ? [] : [{ ...member, read_seq: seqOf(member), read_ordinal }];
  });
  await writeMembers(db, moved);
}

/** The ordinals at these places; below the floor, that of the floor. */
async function ordinalsOf(
  db: Db,
  places: readonly (readonly [string, number])[],
): Promise<Map<string, number>> {
  const ordinals = await ordinalsAt(db, places);
  const missing = places.filter(([roomId, seq]) => !ordinals.has(placeKey(roomId, seq)));
  const floors = await floorsOf(
    db,
    missing.map(([roomId]) => [roomId]),
  );
  const floorOf = new Map(floors.map((room) => [room.id, room]));
  for (const [roomId, seq] of missing) {
    const room = floorOf.get(roomId);
    if (room && seq < room.floor) ordinals.set(placeKey(roomId, seq), room.floor_ordinal);
  }
  return ordinals;
}

async function advanceInThreads(
  db: Db,
  positions: readonly ReadPosition[],
  members: readonly MembersTable[],
): Promise<void> {
  const standing = new Set(members.map(({ room_id, user_id }) => `${room_id} ${user_id}`));
  const moving = positions.flatMap(({ roomId, userId, threadSeq, seq }) =>
    threadSeq === undefined || !standing.has(`${roomId} ${userId}`)
      ? []
      : [{ room_id: roomId, user_id: userId, thread_seq: threadSeq, read_seq: seq }],
  );
  const roots = await messagesByKey(
    db,
    moving.map(({ room_id, thread_seq }) => [room_id, thread_seq]),
  );
  // A root may have been dropped since it was read; then the positions of its thread are gone or will be.
  const standingRoots = new Set(roots.map((root) => placeKey(root.room_id, root.seq)));
  await moveThreadPositions(
    db,
    moving.filter(({ room_id, thread_seq }) => standingRoots.has(placeKey(room_id, thread_seq))),
  );
}
