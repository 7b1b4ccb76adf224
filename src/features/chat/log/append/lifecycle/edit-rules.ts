import { eventView } from '../../../records/index.js';
import { forbid, type Outcome } from '../change.js';
import { refuseSilenced } from '../administration/silence-rules.js';
import { refuseBlocked } from '../blocks/block-rules.js';
import { mentionedIn, refuseMentions } from '../mentions.js';
import type { Workspace } from '../workspace.js';
import type { EditMessage } from './changes.js';
import { DELETED, outcomeOf, type Target, targetIn, unchanged } from './target.js';

/**
 * Replaces the text of the actor's own message. The old one is gone from every answer: events have no words of their
 * own, they show the message's. Who may not send may not say it by an edit either. The hash of what was
 * sent stays, so that its repetition is still known for one.
 */
export function editMessage(work: Workspace, edit: EditMessage): Outcome {
  const target = targetIn(work, edit);
  if ('outcome' in target) return target;
  const { room, message } = target;
  const refusal = refuseEdit(work, target, edit);
  if (refusal) return refusal;
  if (message.text === edit.text) return unchanged(work, target);

  const event = work.append(room, {
    type: 'message.edited',
    actorId: edit.actorId,
    messageSeq: message.seq,
  });
  const mentioned = mentionedIn(work, edit);
  work.rewriteMessage(message, { text: edit.text, edited_at: event.at }, mentioned);
  return outcomeOf(work, target, [eventView(event, message)]);
}

function refuseEdit(work: Workspace, { room, message }: Target, edit: EditMessage): Outcome | undefined {
  if (message.sender_id !== edit.actorId) return forbid('only its sender can edit a message');
  const refusal = refuseSilenced(work, room.id, edit.actorId) ?? refuseBlocked(work, room, edit.actorId);
  if (refusal) return refusal;
  if (message.deleted_at !== null) return DELETED;
  if (edit.text === '' && message.attachments === '[]') return EMPTY;
  return refuseMentions(work, edit);
}

const EMPTY: Outcome = {
  outcome: 'refused',
  code: 'VALIDATION_FAILED',
  message: 'must not be empty in a message without attachments',
  path: 'text',
};
