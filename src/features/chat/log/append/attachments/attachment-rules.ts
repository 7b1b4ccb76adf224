import { type AttachmentsTable, type AttachmentView, UNNAMED_LIFE_MS } from '../../../records/index.js';
import type { Refused, SendMessage } from '../change.js';
import type { Workspace } from '../workspace.js';

/**
 * The same refusal for an id that names nothing, another's upload, another room's, or one that a message has named
 * already: the caller learns nothing of other people's uploads.
 */
const NOT_YOURS: Refused = {
  outcome: 'refused',
  code: 'VALIDATION_FAILED',
  message: 'must name your own uploads to this room that no message has named',
  path: 'attachmentIds',
};

/** The uploads that a message may name, in the order in which it names them, or why not. */
export function attachmentsFor(work: Workspace, send: SendMessage): readonly AttachmentsTable[] | Refused {
  const found = send.attachmentIds.flatMap((id) => work.attachments.get(id) ?? []);
  const isWhole = found.length === send.attachmentIds.length;
  return isWhole && found.every((attachment) => mayName(work, send, attachment)) ? found : NOT_YOURS;
}

/** Binds the uploads to their message for good. */
export function nameAttachments(
  work: Workspace,
  attachments: readonly AttachmentsTable[],
  messageSeq: number,
): AttachmentView[] {
  for (const attachment of attachments) work.attachments.name(attachment, messageSeq);
  return attachments.map(({ id, name, mime_type: mimeType, bytes }) => ({ id, name, mimeType, bytes }));
}

function mayName(work: Workspace, { roomId, actorId }: SendMessage, attachment: AttachmentsTable): boolean {
  return (
    attachment.state === 'kept' &&
    attachment.message_seq === null &&
    attachment.room_id === roomId &&
    attachment.uploader_id === actorId &&
    work.nowMs - attachment.created_at < UNNAMED_LIFE_MS
  );
}
