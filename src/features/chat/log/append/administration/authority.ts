import { hasRank, type MembersTable, type RoomRole } from '../../../records/index.js';
import { forbid, type Outcome, type Refused, type Stored } from '../change.js';
import { type Standing, writerIn } from '../standing.js';
import type { Workspace } from '../workspace.js';

export const NO_MEMBER: Refused = { outcome: 'refused', code: 'NOT_FOUND', message: 'member not found' };

/** The actor as one who runs the room with at least this rank, or why not; nobody runs a direct room. */
export function authorityIn(
  work: Workspace,
  { roomId, actorId }: { readonly roomId: string; readonly actorId: string },
  least: RoomRole,
): Standing | Refused {
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  if (standing.room.kind === 'direct') return forbid('nobody runs a direct room');
  return hasRank(standing.member.role, least) ? standing : forbid(`only an ${least} can do this`);
}

/** Refuses to act against oneself, one's equals and one's betters. */
export function refuseRank(actor: MembersTable, target: MembersTable): Refused | undefined {
  return hasRank(target.role, actor.role) ? forbid('this member is not of lower rank') : undefined;
}

/** The outcome of a change that stored these events. */
export function storedIn(roomId: string, events: Stored['events'] = []): Outcome {
  return { outcome: 'stored', roomId, duplicate: false, events };
}
