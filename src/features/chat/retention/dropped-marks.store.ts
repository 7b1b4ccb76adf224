import type { Kysely } from 'kysely';
import { type ChatTables, keyIn, type MessagesTable, withManyKeys } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** The stretch of one room's log that is dropped. */
export interface LowEnd {
  readonly roomId: string;
  readonly from: number;
  readonly until: number;
}

/** Takes away what members put on messages that were dropped, and releases what those had attached. */
export async function dropMarks(db: Db, lowEnd: LowEnd, messages: readonly MessagesTable[]): Promise<void> {
  for (const table of ['reactions', 'reaction_counts', 'pins'] as const) {
    await db
      .deleteFrom(table)
      .where('room_id', '=', lowEnd.roomId)
      .where('message_seq', '>=', lowEnd.from)
      .where('message_seq', '<=', lowEnd.until)
      .execute();
  }
  await releaseAttachments(db, lowEnd);
  await dropThreads(db, lowEnd, messages);
}

/** From the commit on nobody can have them; their bytes and rows are removed soon after. */
async function releaseAttachments(db: Db, { roomId, from, until }: LowEnd): Promise<void> {
  await db
    .updateTable('attachments')
    .set({ state: 'released', name: '' })
    .where('room_id', '=', roomId)
    .where('message_seq', '>=', from)
    .where('message_seq', '<=', until)
    .execute();
}

/** Positions in a thread go with the last message of it: replies may outlive their root, and are shown by whom they were read. */
async function dropThreads(
  db: Db,
  { roomId, until }: LowEnd,
  messages: readonly MessagesTable[],
): Promise<void> {
  const touched = new Set(messages.map(({ seq, thread_seq }) => thread_seq ?? seq));
  const rootless = [...touched].filter((threadSeq) => threadSeq <= until);
  if (rootless.length === 0) return;
  const alive = await db
    .selectFrom('messages')
    .select('thread_seq')
    .distinct()
    .where('room_id', '=', roomId)
    .where('thread_seq', 'in', rootless)
    .execute();
  const standing = new Set(alive.map(({ thread_seq }) => thread_seq));
  await deletePositions(
    db,
    rootless.filter((threadSeq) => !standing.has(threadSeq)).map((threadSeq) => [roomId, threadSeq]),
  );
}

const deletePositions = withManyKeys((db, keys) =>
  db.deleteFrom('thread_positions').where(keyIn(['room_id', 'thread_seq'], keys)),
);
