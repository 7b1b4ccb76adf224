import type { MembersTable, RoomEventsTable, RoomRole, RoomsTable } from '../../records/index.js';
import { forbid, NO_ROOM, type Refused } from './change.js';
import type { Workspace } from './workspace.js';

/** A member in a room. */
export interface Standing {
  readonly room: RoomsTable;
  readonly member: MembersTable;
}

/** The actor as one who may write in the room, or why not. A stranger learns of no room but a channel. */
export function writerIn(work: Workspace, roomId: string, actorId: string): Standing | Refused {
  const room = work.room(roomId);
  if (!room) return NO_ROOM;
  const member = work.member(roomId, actorId);
  if (!member) return room.kind === 'channel' ? forbid('only members can do this') : NO_ROOM;
  return refuseArchived(room) ?? { room, member };
}

export function refuseArchived(room: RoomsTable): Refused | undefined {
  return room.archived_at === null ? undefined : forbid('the room is archived');
}

/** One who becomes a member by this event: what came before it counts as read. */
export function memberSince(event: RoomEventsTable, userId: string, role: RoomRole): MembersTable {
  return {
    room_id: event.room_id,
    user_id: userId,
    role,
    joined_at: event.at,
    joined_seq: event.seq,
    read_seq: event.seq,
    read_ordinal: event.ordinal,
    muted_until: null,
    changed_commit: 0,
  };
}
