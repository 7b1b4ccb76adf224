import type { Kysely } from 'kysely';
import { type AttachmentsTable, type ChatTables, keyIn, withManyKeys } from '../../../records/index.js';

type Db = Kysely<ChatTables>;

/** Attachments by `[id]`. */
export const attachmentsById = withManyKeys((db, keys) =>
  db
    .selectFrom('attachments')
    .selectAll()
    .where(keyIn(['id'], keys)),
);

/** Writes which messages name these attachments. */
export async function writeNamed(db: Db, attachments: readonly AttachmentsTable[]): Promise<void> {
  for (const { id, message_seq } of attachments) {
    await db.updateTable('attachments').set({ message_seq }).where('id', '=', id).execute();
  }
}

/**
 * Takes a message's attachments from everyone, for the transaction that erases the message: from its commit on nobody
 * can have them, and their bytes and rows are removed soon after, also over a crash.
 */
export async function releaseAttachments(db: Db, roomId: string, seq: number): Promise<void> {
  await db
    .updateTable('attachments')
    .set({ state: 'released', name: '' })
    .where('room_id', '=', roomId)
    .where('message_seq', '=', seq)
    .execute();
}
