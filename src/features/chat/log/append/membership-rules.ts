import {
  eventView,
  hasRank,
  type MembersTable,
  type RoomEvent,
  type RoomRole,
  type RoomsTable,
} from '../../records/index.js';
import { BANNED, welcomeIn } from './administration/removal-rules.js';
import { BLOCKED, openTo } from './blocks/block-rules.js';
import {
  type AddMembers,
  type CreateRoom,
  forbid,
  type JoinRoom,
  type LeaveRoom,
  NO_ROOM,
  type Outcome,
  pairOf,
  type Stored,
} from './change.js';
import { gatherJoin, gatherLeave, isGathering } from './large-rooms/gathering-rules.js';
import { memberSince, refuseArchived, type Standing, writerIn } from './standing.js';
import type { Workspace } from './workspace.js';

const FULL = forbid('the room is full');

/** Creates a room with its first members, or finds the one that the same request, or the same pair, has already. */
export function createRoom(work: Workspace, creation: CreateRoom): Outcome {
  const { actorId, kind } = creation;
  const existing = existingRoom(work, creation);
  if (existing) return { ...stored(existing.id, []), duplicate: true };
  if (!creation.areMembersKnown) return { outcome: 'refused', code: 'NOT_FOUND', message: 'user not found' };
  const memberIds = openTo(work, actorId, creation.memberIds);
  if (kind === 'direct' && memberIds.length === 0) return BLOCKED;
  if (memberIds.length >= work.sizes.maxMembers) return FULL;

  const room = work.createRoom({
    id: creation.roomId,
    kind,
    name: creation.name,
    topic: creation.topic,
    direct_key: pairOf(creation),
    creator_id: actorId,
    client_id: creation.clientId,
  });
  const others: RoomRole = kind === 'direct' ? 'owner' : 'member';
  return stored(room.id, [
    join(work, { room, userId: actorId, role: 'owner', actorId }),
    ...memberIds.map((userId) => join(work, { room, userId, role: others, actorId })),
  ]);
}

function existingRoom(work: Workspace, creation: CreateRoom): RoomsTable | undefined {
  const { actorId, clientId } = creation;
  const repeated = clientId === null ? undefined : work.creation(actorId, clientId);
  if (repeated) return repeated;
  const pair = pairOf(creation);
  return pair === null ? undefined : work.directRoom(pair);
}

/** Lets the actor into a channel: an empty one too, which nobody else could ever run. */
export function joinRoom(work: Workspace, { roomId, actorId }: JoinRoom): Outcome {
  const room = work.room(roomId);
  if (!room) return NO_ROOM;
  if (work.member(roomId, actorId)) return stored(roomId, []);
  if (room.kind !== 'channel') return NO_ROOM;
  const refusal = refuseArchived(room);
  if (refusal) return refusal;
  if (work.restrictions.isBanned(roomId, actorId)) return BANNED;
  if (room.member_count >= work.sizes.maxMembers) return FULL;
  return stored(roomId, [admit(work, room, actorId, actorId)]);
}

/**
 * Lets the actor out. An owner first hands the room over, so that their own leave is the last they see of it; it is an
 * event of its own in a large room too, right behind the hand-over.
 */
export async function leaveRoom(
  work: Workspace,
  { roomId, actorId }: LeaveRoom,
  successorOf: (leaver: MembersTable) => Promise<MembersTable | undefined>,
): Promise<Outcome> {
  const room = work.room(roomId);
  if (room?.kind === 'channel' && !work.member(roomId, actorId)) return stored(roomId, []);
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  if (standing.room.kind === 'direct') return forbid('a direct room cannot be left');
  const { member } = standing;
  if (member.role !== 'owner') return stored(roomId, [release(work, standing)]);
  const successor = await successorOf(member);
  const handover = successor ? [handOver(work, standing.room, successor, actorId)] : [];
  return stored(roomId, [...handover, leave(work, standing)]);
}

/** Adds users to a group, or to a channel that the actor runs; those who are members already are left out. */
export function addMembers(work: Workspace, { roomId, actorId, userIds }: AddMembers): Outcome {
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  const { room, member } = standing;
  if (room.kind === 'direct') return forbid('a direct room has two members');
  if (room.kind === 'channel' && !hasRank(member.role, 'admin'))
    return forbid('only admins add to a channel');
  const welcome = welcomeIn(work, roomId, openTo(work, actorId, userIds));
  const strangers = welcome.filter((userId) => !work.member(roomId, userId));
  if (strangers.length > 0 && room.member_count + strangers.length > work.sizes.maxMembers) return FULL;
  const events = strangers.map((userId) => admit(work, room, userId, actorId));
  return { ...stored(roomId, [...new Set(events)]), added: strangers };
}

/** Lets a user in, told alone or together with others. Whoever enters an empty room owns it. */
function admit(work: Workspace, room: RoomsTable, userId: string, actorId: string): RoomEvent {
  if (isGathering(work, room)) return gatherJoin(work, room, userId);
  const role = room.member_count === 0 ? 'owner' : 'member';
  return join(work, { room, userId, role, actorId });
}

/** Lets a member out, told alone or together with others. */
function release(work: Workspace, standing: Standing): RoomEvent {
  return isGathering(work, standing.room) ? gatherLeave(work, standing) : leave(work, standing);
}

interface Joining {
  readonly room: RoomsTable;
  readonly userId: string;
  readonly role: RoomRole;
  readonly actorId: string;
}

function join(work: Workspace, { room, userId, role, actorId }: Joining): RoomEvent {
  const body = JSON.stringify({ userId, role });
  const event = work.append(room, { type: 'member.joined', actorId, body });
  work.addMember(room, memberSince(event, userId, role));
  return eventView(event);
}

function leave(work: Workspace, { room, member }: Standing): RoomEvent {
  const body = JSON.stringify({ userId: member.user_id, role: member.role });
  const event = work.append(room, { type: 'member.left', actorId: member.user_id, body });
  work.removeMember(room, member);
  return eventView(event);
}

function handOver(work: Workspace, room: RoomsTable, to: MembersTable, actorId: string): RoomEvent {
  const body = JSON.stringify({ userId: to.user_id, role: 'owner' });
  const event = work.append(room, { type: 'member.role', actorId, body });
  work.changeMember(to, { role: 'owner' });
  return eventView(event);
}

function stored(roomId: string, events: readonly RoomEvent[]): Stored {
  return { outcome: 'stored', roomId, duplicate: false, events };
}
