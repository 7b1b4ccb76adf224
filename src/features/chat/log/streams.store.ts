import { type Kysely, sql } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { blocksAmong, suspendedAmong } from '../../auth/store.js';
import { type ChatTables, keyIn, membersByKey, type StreamsTable, withManyKeys } from '../records/index.js';
import { type Refused, type Speaker, speakerIn, STREAM_KEPT_MS } from './append/index.js';

type Db = Kysely<ChatTables>;

/** A stream, and one who says something in it or wants to see it. */
export interface StreamQuery extends Speaker {
  readonly streamId: string;
}

/** A stream with the room around it, read at one moment. */
export interface SpokenStream {
  /** Null: there is none of this id in the room. */
  readonly stream: StreamsTable | null;
  /** Why the user may not send in the room just now. */
  readonly refusal: Refused | null;
  /** 0 with a refusal, as `memberCount` is. */
  readonly head: number;
  readonly memberCount: number;
}

/** How far a stream has come. */
export interface Checkpoint {
  readonly id: string;
  /** The whole text so far. */
  readonly text: string;
  /** When the stream ends by itself, in milliseconds since 1970. */
  readonly dueAt: number;
}

export interface DueQuery {
  readonly nowMs: number;
  /** Rows that are given at most; the next look gives the others. */
  readonly limit: number;
}

/** What somebody has to see to. */
export interface DueStreams {
  /** The ids of all open streams. */
  readonly open: readonly string[];
  /** Open streams whose time is over. */
  readonly expired: readonly StreamsTable[];
  /** Open streams whose sender is suspended, or blocked by the other one of a direct room. */
  readonly unwelcome: readonly StreamRef[];
  /** Aborted ones that nobody was told of. */
  readonly unannounced: readonly StreamsTable[];
  /** Closed ones that nobody needs any more. */
  readonly spent: readonly string[];
}

export type StreamRef = Pick<StreamsTable, 'id' | 'room_id' | 'sender_id'>;

/** What is read and written of streams beside their beginnings and ends, which go through the append. */
export const store = defineStore({
  name: 'chat/streams',
  url: import.meta.url,
  reads: {
    spoken: async (db: Db, query: StreamQuery): Promise<SpokenStream> => {
      const [stream = null] = await streamsIn(db, query.roomId).where('id', '=', query.streamId).execute();
      const standing = await speakerIn(db, query);
      if ('outcome' in standing) return { stream, refusal: standing, head: 0, memberCount: 0 };
      const { head, member_count: memberCount } = standing.room;
      return { stream, refusal: null, head, memberCount };
    },

    /** The open streams of a room, the oldest first; null for one who is no member. */
    openIn: async (db: Db, { roomId, userId }: { roomId: string; userId: string }) => {
      const [member] = await membersByKey(db, [[roomId, userId]]);
      if (!member) return null;
      return await streamsIn(db, roomId)
        .where('closed_at', 'is', null)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
    },

    due: async (db: Db, { nowMs, limit }: DueQuery): Promise<DueStreams> => {
      const open = await openStreams(db);
      const rows = await db
        .selectFrom('streams')
        .selectAll()
        .where('due_at', '<=', nowMs)
        .orderBy('due_at')
        .limit(limit)
        .execute();
      const isUnannounced = (row: StreamsTable) => row.closed_at !== null && row.due_at === row.closed_at;
      const isSpent = (row: StreamsTable) => row.closed_at !== null && row.due_at > row.closed_at;
      return {
        open: open.map(({ id }) => id),
        expired: rows.filter(({ closed_at }) => closed_at === null),
        unwelcome: await unwelcomeAmong(db, open),
        unannounced: rows.filter(isUnannounced),
        spent: rows.filter(isSpent).map(({ id }) => id),
      };
    },
  },
  writes: {
    /** Returns the streams that were not written: closed ones, and those that went on elsewhere. */
    checkpoint: async (db: Db, checkpoints: readonly Checkpoint[]): Promise<string[]> => {
      const rows = await openById(
        db,
        checkpoints.map(({ id }) => [id]),
      );
      const texts = new Map(rows.map(({ id, text }) => [id, text]));
      const lost: string[] = [];
      for (const { id, text, dueAt } of checkpoints) {
        const before = texts.get(id);
        if (before === undefined || !text.startsWith(before)) lost.push(id);
        else await db.updateTable('streams').set({ text, due_at: dueAt }).where('id', '=', id).execute();
      }
      return lost;
    },

    /** Takes note that these were announced, and forgets those that nobody needs. */
    settle: async (
      db: Db,
      { announced, spent }: { readonly announced: readonly string[]; readonly spent: readonly string[] },
    ): Promise<void> => {
      for (const id of announced) {
        await db
          .updateTable('streams')
          .set({ due_at: sql<number>`closed_at + ${STREAM_KEPT_MS}` })
          .where('id', '=', id)
          .where('closed_at', 'is not', null)
          .execute();
      }
      for (const id of spent) await db.deleteFrom('streams').where('id', '=', id).execute();
    },
  },
});

interface OpenStreamRow extends StreamRef {
  /** The two of a direct room. */
  readonly direct_key: string | null;
}

async function openStreams(db: Db): Promise<OpenStreamRow[]> {
  return await db
    .selectFrom('streams')
    .innerJoin('rooms', 'rooms.id', 'streams.room_id')
    .select(['streams.id', 'streams.room_id', 'streams.sender_id', 'rooms.direct_key'])
    .where('streams.closed_at', 'is', null)
    .execute();
}

async function unwelcomeAmong(db: Db, open: readonly OpenStreamRow[]): Promise<StreamRef[]> {
  const senders = new Set(open.map(({ sender_id }) => sender_id));
  const suspended = await suspendedAmong(db, [...senders]);
  const pairs = open.flatMap(({ sender_id: blockedId, direct_key }) =>
    othersOf(direct_key, blockedId).map((blockerId) => ({ blockerId, blockedId })),
  );
  const blocks = await blocksAmong(db, pairs);
  const isBlocked = ({ sender_id, direct_key }: OpenStreamRow) =>
    blocks.some(
      ({ blockerId, blockedId }) =>
        blockedId === sender_id && othersOf(direct_key, sender_id).includes(blockerId),
    );
  return open
    .filter((row) => suspended.has(row.sender_id) || isBlocked(row))
    .map(({ id, room_id, sender_id }) => ({ id, room_id, sender_id }));
}

function othersOf(directKey: string | null, userId: string): string[] {
  return directKey?.split(':').filter((id) => id !== userId) ?? [];
}

function streamsIn(db: Db, roomId: string) {
  return db.selectFrom('streams').selectAll().where('room_id', '=', roomId);
}

const openById = withManyKeys((db, keys) =>
  db
    .selectFrom('streams')
    .select(['id', 'text'])
    .where('closed_at', 'is', null)
    .where(keyIn(['id'], keys)),
);
