import { type Kysely, sql } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, membersByKey, messagesByKey, type MessagesTable } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** A reader's place among the readers, the longest-standing member first. */
export interface ReaderPlace {
  readonly joinedSeq: number;
  readonly userId: string;
}

export interface ReceiptsQuery {
  readonly roomId: string;
  /** Who asks. */
  readonly userId: string;
  readonly seq: number;
  readonly place: ReaderPlace | null;
  readonly limit: number;
}

export interface Receipts {
  readonly count: number;
  /** One more than `limit` when there are more. */
  readonly readers: readonly ReaderPlace[];
}

export const store = defineStore({
  name: 'chat/receipts',
  url: import.meta.url,
  reads: {
    /** Who has read a message; null for one who is no member of its room. */
    of: async (db: Db, query: ReceiptsQuery): Promise<Receipts | 'no message' | null> => {
      const [member] = await membersByKey(db, [[query.roomId, query.userId]]);
      if (!member) return null;
      const [message] = await messagesByKey(db, [[query.roomId, query.seq]]);
      if (!message) return 'no message';
      const { count } = await readersOf(db, message)
        .select((reader) => reader.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return { count: Number(count), readers: await page(db, message, query) };
    },
  },
  writes: {},
});

async function page(db: Db, message: MessagesTable, { place, limit }: ReceiptsQuery): Promise<ReaderPlace[]> {
  const after =
    place === null
      ? sql<boolean>`true`
      : sql<boolean>`(joined_seq, user_id) > (${place.joinedSeq}, ${place.userId})`;
  return await readersOf(db, message)
    .select(['joined_seq as joinedSeq', 'user_id as userId'])
    .where(after)
    .orderBy('joined_seq')
    .orderBy('user_id')
    .limit(limit + 1)
    .execute();
}

/**
 * The members, other than its sender, who were there when it was sent and have read the room up to it or, if it is a
 * reply, its thread. One who joined later stands beyond it without having read anything.
 */
function readersOf(db: Db, { room_id, seq, sender_id, thread_seq }: MessagesTable) {
  return db
    .selectFrom('members')
    .where('room_id', '=', room_id)
    .where('user_id', '<>', sender_id)
    .where('joined_seq', '<', seq)
    .where((member) => {
      const hasReadRoom = member('read_seq', '>=', seq);
      if (thread_seq === null) return hasReadRoom;
      const inThread = member
        .selectFrom('thread_positions')
        .select('thread_positions.read_seq')
        .where('thread_positions.room_id', '=', room_id)
        .whereRef('thread_positions.user_id', '=', 'members.user_id')
        .where('thread_positions.thread_seq', '=', thread_seq)
        .where('thread_positions.read_seq', '>=', seq);
      return member.or([hasReadRoom, member.exists(inThread)]);
    });
}
