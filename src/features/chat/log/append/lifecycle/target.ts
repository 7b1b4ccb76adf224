import { type MessagesTable, messageView } from '../../../records/index.js';
import type { Outcome, Refused } from '../change.js';
import { type Standing, writerIn } from '../standing.js';
import type { Workspace } from '../workspace.js';
import type { Targeted } from './changes.js';
import type { Place } from './marks.js';

/** A member and the message that the member does something to. */
export interface Target extends Standing {
  readonly message: MessagesTable;
  readonly place: Place;
}

const NO_MESSAGE: Refused = { outcome: 'refused', code: 'NOT_FOUND', message: 'message not found' };

/** Deleted messages stay in sight, so that they are there and yet nothing can be done to them. */
export const DELETED: Refused = { outcome: 'refused', code: 'CONFLICT', message: 'the message is deleted' };

/** The message as one that the actor, a member, may do something to; or why not. */
export function targetIn(work: Workspace, { roomId, actorId, seq }: Targeted): Target | Refused {
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  const message = work.message(roomId, seq);
  return message ? { ...standing, message, place: { room_id: roomId, message_seq: seq } } : NO_MESSAGE;
}

/** The outcome of a change that stored nothing, because all was as it wants it. */
export function unchanged(work: Workspace, target: Target): Outcome {
  return outcomeOf(work, target, []);
}

/** The outcome of a change that stored these events, with the message as it is now. */
export function outcomeOf(
  work: Workspace,
  { room, member, message, place }: Target,
  events: Extract<Outcome, { outcome: 'stored' }>['events'],
): Outcome {
  const reactions = work.marks.reactionsFor(member.user_id, place);
  return {
    outcome: 'stored',
    roomId: room.id,
    duplicate: false,
    events,
    message: messageView(message, reactions),
  };
}
