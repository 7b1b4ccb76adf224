import { eventView, type MembersTable, type RoomEvent, type RoomRole } from '../../../records/index.js';
import { forbid, type Outcome } from '../change.js';
import type { Standing } from '../standing.js';
import type { Workspace } from '../workspace.js';
import { authorityIn, NO_MEMBER, storedIn } from './authority.js';
import type { ChangeRole } from './changes.js';

/** Gives a member another role. Whoever hands the room over stays in it as an admin. */
export function changeRole(work: Workspace, { userId, role, ...change }: ChangeRole): Outcome {
  const authority = authorityIn(work, change, 'owner');
  if ('outcome' in authority) return authority;
  const { room, member: owner } = authority;
  const target = work.member(room.id, userId);
  if (!target) return NO_MEMBER;
  if (target.role === role) return storedIn(room.id);
  if (target === owner) return forbid('an owner hands the room over to another member');
  const given = give(work, authority, target, role);
  return storedIn(room.id, role === 'owner' ? [given, give(work, authority, owner, 'admin')] : [given]);
}

function give(work: Workspace, { room, member }: Standing, to: MembersTable, role: RoomRole): RoomEvent {
  const body = JSON.stringify({ userId: to.user_id, role });
  const event = work.append(room, { type: 'member.role', actorId: member.user_id, body });
  work.changeMember(to, { role });
  return eventView(event);
}
