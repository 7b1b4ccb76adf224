import { forbid, type Outcome, type Refused } from '../change.js';
import type { Workspace } from '../workspace.js';
import { authorityIn, NO_MEMBER, refuseRank, storedIn } from './authority.js';
import type { SilenceMember } from './changes.js';

/** Keeps a member from sending for a while. Leaving and coming back does not end it. */
export function silenceMember(work: Workspace, silence: SilenceMember): Outcome {
  const authority = authorityIn(work, silence, 'admin');
  if ('outcome' in authority) return authority;
  const { roomId, userId, seconds } = silence;
  const target = work.member(roomId, userId);
  if (!target) return NO_MEMBER;
  const refusal = refuseRank(authority.member, target);
  if (refusal) return refusal;
  const until = seconds === 0 ? null : work.nowMs + seconds * 1000;
  work.restrictions.restrict(roomId, userId, { silenced_until: until });
  if (until !== null) work.streams.silence(roomId, userId);
  return storedIn(roomId);
}

/** Refuses to let a silenced member say anything, and tells for how long. */
export function refuseSilenced(work: Workspace, roomId: string, actorId: string): Refused | undefined {
  const retryAfterMs = work.restrictions.silencedUntil(roomId, actorId) - work.nowMs;
  return retryAfterMs > 0 ? { ...forbid('you are silenced in this room'), retryAfterMs } : undefined;
}
