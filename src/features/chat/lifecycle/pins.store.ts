import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, fitting, type MessageView, readMessageViews } from '../records/index.js';

type Db = Kysely<ChatTables>;

export interface PinsQuery {
  readonly roomId: string;
  readonly userId: string;
  /** Only those pinned before this event; null: all. */
  readonly before: number | null;
  readonly limit: number;
  readonly maxBytes: number;
}

export interface PinsPage {
  readonly messages: readonly MessageView[];
  readonly head: number;
  /** The event that pinned the last one given, when there are more. */
  readonly next: number | null;
}

export const store = defineStore({
  name: 'chat/pins',
  url: import.meta.url,
  reads: {
    /** The pinned messages, the newest pin first; null for one who is no member. */
    page: async (db: Db, query: PinsQuery): Promise<PinsPage | null> => {
      const room = await db
        .selectFrom('rooms')
        .innerJoin('members', 'members.room_id', 'rooms.id')
        .select('rooms.head')
        .where('rooms.id', '=', query.roomId)
        .where('members.user_id', '=', query.userId)
        .executeTakeFirst();
      if (!room) return null;
      const rows = await pinned(db, query);
      const views = await readMessageViews(db, query.userId, rows.slice(0, query.limit));
      const messages = fitting(views, query.maxBytes);
      const last = rows[messages.length - 1];
      const isWhole = messages.length === rows.length;
      return { messages, head: room.head, next: isWhole || !last ? null : last.pinned_seq };
    },
  },
  writes: {},
});

/** One more than `limit`. */
async function pinned(db: Db, { roomId, before, limit }: PinsQuery) {
  return await db
    .selectFrom('pins')
    .innerJoin('messages', (join) =>
      join.onRef('messages.room_id', '=', 'pins.room_id').onRef('messages.seq', '=', 'pins.message_seq'),
    )
    .selectAll('messages')
    .select('pins.pinned_seq')
    .where('pins.room_id', '=', roomId)
    .where('pins.pinned_seq', '<', before ?? Number.MAX_SAFE_INTEGER)
    .orderBy('pins.pinned_seq', 'desc')
    .limit(limit + 1)
    .execute();
}
