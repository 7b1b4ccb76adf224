import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, fitting, type MessageView, readMessageViews } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** Which stretch of a room's messages is asked for; a `seq` where there is no message names the place between its neighbours. */
export type Anchor =
  { readonly at: 'end' } | { readonly at: 'before' | 'after' | 'around'; readonly seq: number };

export interface HistoryQuery {
  readonly roomId: string;
  readonly userId: string;
  readonly anchor: Anchor;
  /** Only the replies to this message; null: all messages. */
  readonly threadSeq: number | null;
  readonly limit: number;
  readonly maxBytes: number;
}

export interface HistoryPage {
  readonly messages: readonly MessageView[];
  readonly head: number;
  readonly hasMore: boolean;
}

interface MessageQuery {
  readonly roomId: string;
  readonly userId: string;
  readonly seq: number;
}

/** What is asked about messages. Each answer is null for one who is no member of the room. */
export const store = defineStore({
  name: 'chat/messages',
  url: import.meta.url,
  reads: {
    history: async (db: Db, query: HistoryQuery): Promise<HistoryPage | null> => {
      const head = await headFor(db, query.roomId, query.userId);
      return head === null ? null : { head, ...(await page(db, query)) };
    },

    /** `message` is null when there is none at this place. */
    get: async (db: Db, { roomId, userId, seq }: MessageQuery) => {
      const head = await headFor(db, roomId, userId);
      if (head === null) return null;
      const row = await db
        .selectFrom('messages')
        .selectAll()
        .where('room_id', '=', roomId)
        .where('seq', '=', seq)
        .executeTakeFirst();
      const [message] = await readMessageViews(db, userId, row ? [row] : []);
      return { head, message: message ?? null };
    },
  },
  writes: {},
});

async function headFor(db: Db, roomId: string, userId: string): Promise<number | null> {
  const row = await db
    .selectFrom('rooms')
    .innerJoin('members', 'members.room_id', 'rooms.id')
    .select('rooms.head')
    .where('rooms.id', '=', roomId)
    .where('members.user_id', '=', userId)
    .executeTakeFirst();
  return row?.head ?? null;
}

type Page = Omit<HistoryPage, 'head'>;

async function page(db: Db, query: HistoryQuery): Promise<Page> {
  const { anchor, limit, maxBytes } = query;
  switch (anchor.at) {
    case 'end':
      return older(await backward(db, query, Number.MAX_SAFE_INTEGER, limit), limit, maxBytes);
    case 'before':
      return older(await backward(db, query, anchor.seq - 1, limit), limit, maxBytes);
    case 'after':
      return newer(await forward(db, query, anchor.seq, limit), limit, maxBytes);
    case 'around':
      return await around(db, query, anchor.seq);
  }
}

/** The named one and as many after it as before it, as far as there are; half of the bytes is for each side. */
async function around(db: Db, query: HistoryQuery, seq: number): Promise<Page> {
  const after = Math.floor((query.limit - 1) / 2);
  const until = query.limit - after;
  const half = Math.floor(query.maxBytes / 2);
  const past = older(await backward(db, query, seq, until), until, half);
  const coming = await forward(db, query, seq, after);
  const future = newer(coming, after, half);
  const isTooLong = past.messages.length > 0 && sizeOf(future.messages) > half;
  return {
    messages: isTooLong ? past.messages : [...past.messages, ...future.messages],
    hasMore: past.hasMore || future.hasMore || isTooLong,
  };
}

function sizeOf(messages: readonly MessageView[]): number {
  return Buffer.byteLength(JSON.stringify(messages));
}

function older(newestFirst: readonly MessageView[], limit: number, maxBytes: number): Page {
  const { messages, hasMore } = newer(newestFirst, limit, maxBytes);
  return { messages: messages.toReversed(), hasMore };
}

/** The list has one more than `limit` when it goes on. */
function newer(nearestFirst: readonly MessageView[], limit: number, maxBytes: number): Page {
  const messages = fitting(nearestFirst.slice(0, limit), maxBytes);
  return { messages, hasMore: messages.length < nearestFirst.length };
}

/** One more than `limit` messages up to `until`, the newest first. */
async function backward(db: Db, query: HistoryQuery, until: number, limit: number): Promise<MessageView[]> {
  const rows = await stretch(db, query)
    .where('seq', '<=', until)
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  return await readMessageViews(db, query.userId, rows);
}

/** One more than `limit` messages after `after`, the oldest first. */
async function forward(db: Db, query: HistoryQuery, after: number, limit: number): Promise<MessageView[]> {
  const rows = await stretch(db, query)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit + 1)
    .execute();
  return await readMessageViews(db, query.userId, rows);
}

function stretch(db: Db, { roomId, threadSeq }: HistoryQuery) {
  const messages = db.selectFrom('messages').selectAll().where('room_id', '=', roomId);
  return threadSeq === null ? messages : messages.where('thread_seq', '=', threadSeq);
}
