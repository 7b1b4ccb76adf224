import { eventView, type RoomEvent } from '../../../records/index.js';
import { forbid, type Outcome, type Refused } from '../change.js';
import type { Standing } from '../standing.js';
import type { Workspace } from '../workspace.js';
import { authorityIn, refuseRank, storedIn } from './authority.js';
import type { RemoveMember, UnbanUser } from './changes.js';

const NO_USER: Refused = { outcome: 'refused', code: 'NOT_FOUND', message: 'user not found' };

export const BANNED: Refused = forbid('you are banned from this room');

/**
 * Puts a member out. A ban also holds for one who is no member, or it could be escaped by leaving first; of such a one
 * the log has nothing to tell.
 */
export function removeMember(work: Workspace, removal: RemoveMember): Outcome {
  const authority = authorityIn(work, removal, 'admin');
  if ('outcome' in authority) return authority;
  if (!removal.isUserKnown) return NO_USER;
  const { roomId, userId } = removal;
  const target = work.member(roomId, userId);
  const refusal = target && refuseRank(authority.member, target);
  if (refusal) return refusal;
  if (removal.isBan && !work.restrictions.isBanned(roomId, userId)) {
    work.restrictions.restrict(roomId, userId, { banned_at: work.nowMs });
  }
  return storedIn(roomId, target && [putOut(work, { room: authority.room, member: target }, removal)]);
}

function putOut(work: Workspace, { room, member }: Standing, { actorId, isBan }: RemoveMember): RoomEvent {
  const { user_id: userId, role } = member;
  const body = JSON.stringify({ userId, role, ...(isBan && { banned: true }) });
  const event = work.append(room, { type: 'member.left', actorId, body });
  work.removeMember(room, member);
  return eventView(event);
}

/** Lets a banned user come back; it brings nobody back. */
export function unbanUser(work: Workspace, unban: UnbanUser): Outcome {
  const authority = authorityIn(work, unban, 'admin');
  if ('outcome' in authority) return authority;
  const { roomId, userId } = unban;
  if (work.restrictions.isBanned(roomId, userId)) {
    work.restrictions.restrict(roomId, userId, { banned_at: null });
  }
  return storedIn(roomId);
}

/** Those of the users who are not banned from the room. */
export function welcomeIn(work: Workspace, roomId: string, userIds: readonly string[]): string[] {
  return userIds.filter((userId) => !work.restrictions.isBanned(roomId, userId));
}
