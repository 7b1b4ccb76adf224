import type { RoomsTable } from '../../../records/index.js';
import { forbid, type Refused } from '../change.js';
import type { Workspace } from '../workspace.js';

export const BLOCKED: Refused = forbid('this user takes no messages from you');

/** Refuses to put anything before one who has blocked the actor, in the direct room of the two. */
export function refuseBlocked(work: Workspace, room: RoomsTable, actorId: string): Refused | undefined {
  const otherId = otherIn(room, actorId);
  return otherId !== undefined && work.blocks.has(otherId, actorId) ? BLOCKED : undefined;
}

/** Those of the users whom the actor may bring into a room: who blocked the actor is left out. */
export function openTo(work: Workspace, actorId: string, userIds: readonly string[]): string[] {
  return userIds.filter((userId) => !work.blocks.has(userId, actorId));
}

/** With whom the user has this direct room; undefined in a room of another kind. */
export function otherIn(room: RoomsTable, userId: string): string | undefined {
  return room.direct_key?.split(':').find((id) => id !== userId);
}
