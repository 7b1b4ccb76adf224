import { eventView, hasRank } from '../../../records/index.js';
import { forbid, type Outcome } from '../change.js';
import type { Workspace } from '../workspace.js';
import type { PinMessage } from './changes.js';
import { DELETED, outcomeOf, targetIn, unchanged } from './target.js';

/** Pins a message for all, or takes the pin off: for admins, which both of a direct room are. */
export function pinMessage(work: Workspace, pin: PinMessage): Outcome {
  const target = targetIn(work, pin);
  if ('outcome' in target) return target;
  const { room, member, message, place } = target;
  if (!hasRank(member.role, 'admin')) return forbid('only an admin can pin');
  const isPinning = pin.change === 'pin';
  if (isPinning && message.deleted_at !== null) return DELETED;
  if (work.marks.isPinned(place) === isPinning) return unchanged(work, target);

  const event = work.append(room, {
    type: isPinning ? 'pin.added' : 'pin.removed',
    actorId: pin.actorId,
    body: JSON.stringify({ messageSeq: message.seq }),
  });
  if (isPinning) work.marks.pin({ ...place, pinned_seq: event.seq });
  else work.marks.unpin(place);
  return outcomeOf(work, target, [eventView(event)]);
}
