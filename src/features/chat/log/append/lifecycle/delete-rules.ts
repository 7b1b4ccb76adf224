import { eventView, hasRank } from '../../../records/index.js';
import { forbid, type Outcome } from '../change.js';
import type { Workspace } from '../workspace.js';
import type { DeleteMessage } from './changes.js';
import { outcomeOf, targetIn, unchanged } from './target.js';

/**
 * Erases the content of a message that the actor sent, or of any as an admin; both of a direct room are owners. What
 * stays is that there was one. A deleted reply no longer counts in its thread's `replyCount`.
 */
export function deleteMessage(work: Workspace, deletion: DeleteMessage): Outcome {
  const target = targetIn(work, deletion);
  if ('outcome' in target) return target;
  const { room, member, message, place } = target;
  if (message.sender_id !== deletion.actorId && !hasRank(member.role, 'admin')) {
    return forbid('only its sender or an admin can delete a message');
  }
  if (message.deleted_at !== null) return unchanged(work, target);

  const event = work.append(room, {
    type: 'message.deleted',
    actorId: deletion.actorId,
    body: JSON.stringify({ messageSeq: message.seq }),
  });
  const nothing = { text: '', meta: null, attachments: '[]', request_hash: null };
  work.rewriteMessage(message, { ...nothing, deleted_at: event.at }, []);
  work.marks.erase(place);
  const root = message.thread_seq === null ? undefined : work.message(room.id, message.thread_seq);
  if (root) work.countReply(root, -1);
  return outcomeOf(work, target, [eventView(event)]);
}
