import { eventView, hasRank, type RoomEvent, roomFacts, type RoomsTable } from '../../../records/index.js';
import type { Outcome } from '../change.js';
import type { Workspace } from '../workspace.js';
import { authorityIn, storedIn } from './authority.js';
import type { ArchiveRoom, UpdateRoom } from './changes.js';

/** Gives the room another name or topic; those it has already store nothing. */
export function updateRoom(work: Workspace, update: UpdateRoom): Outcome {
  const authority = authorityIn(work, update, 'admin');
  if ('outcome' in authority) return authority;
  const { room } = authority;
  const { name = room.name, topic = room.topic } = update;
  if (name === room.name && topic === room.topic) return storedIn(room.id);
  if (name !== room.name) work.listings.note(room);
  Object.assign(room, { name, topic });
  return storedIn(room.id, [appendUpdated(work, room, update.actorId)]);
}

/** The event shows the room at its own place in the log, so that its body is made when that place is known. */
function appendUpdated(work: Workspace, room: RoomsTable, actorId: string): RoomEvent {
  const event = work.append(room, { type: 'room.updated', actorId });
  event.body = JSON.stringify({ room: roomFacts(room) });
  return eventView(event);
}

/** Ends all writing in the room. To archive it again stores nothing. */
export function archiveRoom(work: Workspace, archive: ArchiveRoom): Outcome {
  const { roomId, actorId } = archive;
  const isArchived = typeof work.room(roomId)?.archived_at === 'number';
  const member = work.member(roomId, actorId);
  if (isArchived && member && hasRank(member.role, 'owner')) return storedIn(roomId);
  const authority = authorityIn(work, archive, 'owner');
  if ('outcome' in authority) return authority;
  const { room } = authority;
  const event = work.append(room, { type: 'room.archived', actorId });
  room.archived_at = event.at;
  work.listings.note(room);
  return storedIn(roomId, [eventView(event)]);
}
