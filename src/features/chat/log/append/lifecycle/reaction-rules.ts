import { eventView, type ReactionsTable } from '../../../records/index.js';
import type { Outcome, Refused } from '../change.js';
import type { Workspace } from '../workspace.js';
import type { ReactToMessage } from './changes.js';
import { DELETED, outcomeOf, type Target, targetIn, unchanged } from './target.js';

/** Different emoji of one message: each is in every answer that shows it. */
const MAX_KINDS = 50;

const TOO_MANY: Refused = {
  outcome: 'refused',
  code: 'CONFLICT',
  message: `a message takes at most ${MAX_KINDS} different reactions`,
};

/** Adds the actor's reaction to a message, or takes it back; what is so already stores nothing. */
export function reactToMessage(work: Workspace, { emoji, ...change }: ReactToMessage): Outcome {
  const target = targetIn(work, change);
  if ('outcome' in target) return target;
  if (target.message.deleted_at !== null) return DELETED;
  const reaction = { ...target.place, user_id: change.actorId, emoji };
  const isThere = work.marks.hasReaction(reaction);
  if (change.change === 'react') return isThere ? unchanged(work, target) : add(work, target, reaction);
  return isThere ? takeBack(work, target, reaction) : unchanged(work, target);
}

function add(work: Workspace, target: Target, reaction: ReactionsTable): Outcome {
  const count = work.marks.count(reaction) + 1;
  if (count === 1 && work.marks.kinds(target.place) >= MAX_KINDS) return TOO_MANY;
  const event = appendReaction(work, target, { type: 'reaction.added', reaction, count });
  work.marks.react(reaction, event.seq);
  return outcomeOf(work, target, [eventView(event)]);
}

function takeBack(work: Workspace, target: Target, reaction: ReactionsTable): Outcome {
  const count = work.marks.count(reaction) - 1;
  const event = appendReaction(work, target, { type: 'reaction.removed', reaction, count });
  work.marks.unreact(reaction, event.seq);
  return outcomeOf(work, target, [eventView(event)]);
}

interface Reacted {
  readonly type: 'reaction.added' | 'reaction.removed';
  readonly reaction: ReactionsTable;
  /** How many react so now. */
  readonly count: number;
}

function appendReaction(work: Workspace, { room }: Target, { type, reaction, count }: Reacted) {
  const { message_seq: messageSeq, emoji, user_id: actorId } = reaction;
  return work.append(room, { type, actorId, body: JSON.stringify({ messageSeq, emoji, count }) });
}
