import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, type PositionsAhead, readRoomViews, type RoomView } from '../records/index.js';

type Db = Kysely<ChatTables>;

export interface ReadQuery {
  readonly roomId: string;
  readonly userId: string;
  /** Up to where is read. */
  readonly seq: number;
  /** Positions that the store may not have yet. */
  readonly ahead: PositionsAhead;
}

export interface ThreadReadQuery extends ReadQuery {
  readonly threadSeq: number;
  /** The position in this thread that the store may not have yet. */
  readonly threadAhead: number;
}

/** Where a user stands after reading. */
export interface ReadResult {
  readonly readSeq: number;
  readonly unread: number;
  readonly mentions: number;
  readonly muted: boolean | string;
  /** How many members the room has. */
  readonly memberCount: number;
  /** False when the position was there already, or beyond. */
  readonly hasMoved: boolean;
}

/** Where users stand after reading: it stores nothing. Each answer is null for one who is no member of the room. */
export const store = defineStore({
  name: 'chat/reads',
  url: import.meta.url,
  reads: {
    room: async (db: Db, query: ReadQuery): Promise<ReadResult | null> => {
      const before = await viewOf(db, query);
      if (!before) return null;
      const wanted = { [query.roomId]: Math.max(query.seq, before.readSeq) };
      const after = (await viewOf(db, { ...query, ahead: wanted })) ?? before;
      const { readSeq, unread, mentions, muted, memberCount } = after;
      return { readSeq, unread, mentions, muted, memberCount, hasMoved: readSeq > before.readSeq };
    },

    thread: async (db: Db, query: ThreadReadQuery): Promise<ReadResult | 'no thread' | null> => {
      const room = await viewOf(db, query);
      if (!room) return null;
      if (!(await isRoot(db, query))) return 'no thread';
      const before = Math.max(await storedPosition(db, query), query.threadAhead);
      const readSeq = Math.max(before, Math.min(query.seq, room.head));
      return {
        readSeq,
        unread: await countReplies(db, query, readSeq),
        mentions: await countMentions(db, query, readSeq),
        muted: room.muted,
        memberCount: room.memberCount,
        hasMoved: readSeq > before,
      };
    },
  },
  writes: {},
});

async function viewOf(db: Db, { userId, roomId, ahead }: ReadQuery): Promise<RoomView | undefined> {
  const [view] = await readRoomViews(db, { userId, roomIds: [roomId], ahead });
  return view;
}

async function isRoot(db: Db, { roomId, threadSeq }: ThreadReadQuery): Promise<boolean> {
  const root = await db
    .selectFrom('messages')
    .select('thread_seq')
    .where('room_id', '=', roomId)
    .where('seq', '=', threadSeq)
    .executeTakeFirst();
  return root?.thread_seq === null;
}

/** A member has read what was there before their joining. */
async function storedPosition(db: Db, { roomId, userId, threadSeq }: ThreadReadQuery): Promise<number> {
  const row = await db
    .selectFrom('members')
    .leftJoin('thread_positions', (join) =>
      join
        .onRef('thread_positions.room_id', '=', 'members.room_id')
        .onRef('thread_positions.user_id', '=', 'members.user_id')
        .on('thread_positions.thread_seq', '=', threadSeq),
    )
    .select(['members.joined_seq', 'thread_positions.read_seq'])
    .where('members.room_id', '=', roomId)
    .where('members.user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return Math.max(row.joined_seq, row.read_seq ?? 0);
}

/** Deleted ones too, as in the room. */
async function countReplies(db: Db, { roomId, threadSeq }: ThreadReadQuery, after: number): Promise<number> {
  const { count } = await db
    .selectFrom('messages')
    .select((message) => message.fn.countAll<number>().as('count'))
    .where('room_id', '=', roomId)
    .where('thread_seq', '=', threadSeq)
    .where('seq', '>', after)
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function countMentions(
  db: Db,
  { roomId, userId, threadSeq }: ThreadReadQuery,
  after: number,
): Promise<number> {
  const { count } = await db
    .selectFrom('mentions')
    .innerJoin('messages', (join) =>
      join.onRef('messages.room_id', '=', 'mentions.room_id').onRef('messages.seq', '=', 'mentions.seq'),
    )
    .select((mention) => mention.fn.countAll<number>().as('count'))
    .where('mentions.user_id', '=', userId)
    .where('mentions.room_id', '=', roomId)
    .where('mentions.seq', '>', after)
    .where('messages.thread_seq', '=', threadSeq)
    .executeTakeFirstOrThrow();
  return Number(count);
}
