import type { RoomEvent, RoomsTable } from '../../../records/index.js';
import { isLargeRoom } from '../../../room-sizes.js';
import { memberSince, type Standing } from '../standing.js';
import type { Workspace } from '../workspace.js';
import type { Gathering } from './gatherings.js';

/** Whether who comes to the room and who leaves it is told together with others. */
export function isGathering(work: Workspace, room: RoomsTable): boolean {
  return isLargeRoom(room.member_count, work.sizes);
}

/** Lets a user into a large room. */
export function gatherJoin(work: Workspace, room: RoomsTable, userId: string): RoomEvent {
  const gathering = gatheringFor(work, room, userId);
  work.addMember(room, memberSince(gathering.row, userId, 'member'));
  gathering.tell('joined', userId, room.member_count);
  return gathering.view;
}

/** Lets a member out of a large room who wants to go. */
export function gatherLeave(work: Workspace, { room, member }: Standing): RoomEvent {
  const gathering = gatheringFor(work, room, member.user_id);
  work.removeMember(room, member);
  gathering.tell('left', member.user_id, room.member_count);
  return gathering.view;
}

/** It is nobody's act: those in it came by their own and by others'. */
function gatheringFor(work: Workspace, room: RoomsTable, userId: string): Gathering {
  const open = work.gatherings.find(room, userId);
  return open ?? work.gatherings.begin(work.append(room, { type: 'members.changed', actorId: null }));
}
