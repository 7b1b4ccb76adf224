import { type Kysely, sql } from 'kysely';
import { defineStore, dialectOf } from '../../../storage/store.js';
import {
  type ChatTables,
  type DroppedMessagesTable,
  insertingMany,
  keyIn,
  lockRooms,
  type MessagesTable,
  withManyKeys,
} from '../records/index.js';
import { forgetMessages } from '../search-index/index.js';
import { dropMarks, type LowEnd } from './dropped-marks.store.js';
import { oldestEvents } from './oldest-events.store.js';

type Db = Kysely<ChatTables>;

export interface RoomsQuery {
  /** Rooms with later ids than this one; '' for all. */
  readonly after: string;
  readonly limit: number;
  /** Events from before this time are due. */
  readonly beforeMs: number;
}

export interface DueRooms {
  readonly roomIds: readonly string[];
  /** Where the look goes on; null when it is over. */
  readonly next: string | null;
}

export interface Dropping {
  /** Rooms with due events. */
  readonly roomIds: readonly string[];
  readonly beforeMs: number;
  readonly nowMs: number;
  /** Rows to be deleted in this transaction, about: events, and reactions to their messages. One event at least. */
  readonly budget: number;
}

export interface Dropped {
  /** What is gone, room by room. */
  readonly lowEnds: readonly LowEnd[];
  /** The rooms that may have more. */
  readonly left: readonly string[];
}

/** Takes the old ends of the rooms' logs away. What stands on an event goes with it, in the same transaction. */
export const store = defineStore({
  name: 'chat/retention',
  url: import.meta.url,
  reads: {
    /** Looks at the oldest events of some rooms, in the order of the rooms' ids. */
    dueRooms: async (db: Db, { after, limit, beforeMs }: RoomsQuery): Promise<DueRooms> => {
      const rooms = await db
        .selectFrom('rooms')
        .leftJoin('room_events', (join) =>
          join.onRef('room_events.room_id', '=', 'rooms.id').onRef('room_events.seq', '=', 'rooms.floor'),
        )
        .select(['rooms.id', 'room_events.at'])
        .where('rooms.id', '>', after)
        .orderBy('rooms.id')
        .limit(limit)
        .execute();
      const due = rooms.filter(({ at }) => at !== null && at < beforeMs);
      const last = rooms.length < limit ? undefined : rooms.at(-1);
      return { roomIds: due.map(({ id }) => id), next: last?.id ?? null };
    },
  },
  writes: {
    /** Drops due events of these rooms, as many as the budget allows; their floors rise. */
    drop: async (db: Db, dropping: Dropping): Promise<Dropped> => {
      let { budget } = dropping;
      // Who sends looks at the floor behind the same locks.
      await lockRooms(db, dropping.roomIds);
      const lowEnds: LowEnd[] = [];
      for (const [index, roomId] of dropping.roomIds.entries()) {
        const { floor: from, last, weight } = await oldestEvents(db, roomId, dropping.beforeMs, budget);
        if (last) {
          const lowEnd = { roomId, from, until: last.seq };
          await dropEvents(db, lowEnd, last.ordinal);
          await noteFloor(db, lowEnd);
          await dropMessages(db, lowEnd, dropping.nowMs);
          lowEnds.push(lowEnd);
        }
        budget -= weight;
        if (budget <= 0) return { lowEnds, left: dropping.roomIds.slice(index) };
      }
      return { lowEnds, left: [] };
    },
  },
  onPostgres: { drop: 'locks' },
});

async function dropEvents(db: Db, { roomId, from, until }: LowEnd, ordinal: number): Promise<void> {
  await db
    .deleteFrom('room_events')
    .where('room_id', '=', roomId)
    .where('seq', '>=', from)
    .where('seq', '<=', until)
    .execute();
  await db
    .updateTable('rooms')
    .set({ floor: until + 1, floor_ordinal: ordinal })
    .where('id', '=', roomId)
    .execute();
}

/** For nodes that the bus does not reach; there is one process at the embedded database. */
async function noteFloor(db: Db, { roomId, until }: LowEnd): Promise<void> {
  if (dialectOf(db) === 'sqlite') return;
  const commit = sql<number>`cast(cast(pg_current_xact_id() as text) as bigint)`;
  const raised = { floor: until + 1, stored_commit: commit };
  await db
    .insertInto('raised_floors')
    .values({ room_id: roomId, ...raised })
    .onConflict((conflict) => conflict.column('room_id').doUpdateSet(raised))
    .execute();
}

async function dropMessages(db: Db, lowEnd: LowEnd, nowMs: number): Promise<void> {
  const { roomId, from, until } = lowEnd;
  const messages = await db
    .selectFrom('messages')
    .selectAll()
    .where('room_id', '=', roomId)
    .where('seq', '>=', from)
    .where('seq', '<=', until)
    .execute();
  if (messages.length === 0) return;
  await forgetMessages(db, messages);
  await deleteMessages(
    db,
    messages.map(({ seq }) => [roomId, seq]),
  );
  await insertDropped(
    db,
    messages.map((message) => ({ ...message, deleted_at: message.deleted_at ?? nowMs })),
  );
  await deleteMentions(db, messages.flatMap(mentionKeys));
  await dropMarks(db, lowEnd, messages);
}

function mentionKeys({ room_id, seq, mentions }: MessagesTable): [string, string, number][] {
  return (JSON.parse(mentions) as string[]).map((userId) => [userId, room_id, seq]);
}

const insertDropped = insertingMany<DroppedMessagesTable>(
  [
    'room_id',
    'sender_id',
    'client_id',
    'seq',
    'id',
    'created_at',
    'edited_at',
    'deleted_at',
    'reply_to',
    'thread_seq',
  ],
  (db, rows) => db.insertInto('dropped_messages').values(rows),
);

const deleteMessages = withManyKeys((db, keys) =>
  db.deleteFrom('messages').where(keyIn(['room_id', 'seq'], keys)),
);

const deleteMentions = withManyKeys((db, keys) =>
  db.deleteFrom('mentions').where(keyIn(['user_id', 'room_id', 'seq'], keys)),
);
