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
import { refuseArchived, writerIn } from './standing.js';
import type { Workspace } from './workspace.js';

/** Creates a room with its first members, or finds the one that the same request, or the same pair, has already. */
export function createRoom(work: Workspace, creation: CreateRoom): Outcome {
  const { actorId, kind } = creation;
  const existing = existingRoom(work, creation);
  if (existing) return { ...stored(existing.id, []), duplicate: true };
  if (!creation.areMembersKnown) return { outcome: 'refused', code: 'NOT_FOUND', message: 'user not found' };
  const memberIds = openTo(work, actorId, creation.memberIds);
  if (kind === 'direct' && memberIds.length === 0) return BLOCKED;

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

/** Lets the actor into a channel. Whoever enters an empty one owns it: nobody else could ever run it. */
export function joinRoom(work: Workspace, { roomId, actorId }: JoinRoom): Outcome {
  const room = work.room(roomId);
  if (!room) return NO_ROOM;
  if (work.member(roomId, actorId)) return stored(roomId, []);
  if (room.kind !== 'channel') return NO_ROOM;
  const refusal = refuseArchived(room);
  if (refusal) return refusal;
  if (work.restrictions.isBanned(roomId, actorId)) return BANNED;
  const role = room.member_count === 0 ? 'owner' : 'member';
  return stored(roomId, [join(work, { room, userId: actorId, role, actorId })]);
}

/** Lets the actor out. An owner first hands the room over, so that their own leave is the last they see of it. */
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
  const successor = member.role === 'owner' ? await successorOf(member) : undefined;
  const handover = successor ? [handOver(work, standing.room, successor, actorId)] : [];
  return stored(roomId, [...handover, leave(work, standing.room, member)]);
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
  return stored(
    roomId,
    strangers.map((userId) => join(work, { room, userId, role: 'member', actorId })),
  );
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
  work.addMember(room, {
    room_id: room.id,
    user_id: userId,
    role,
    joined_at: event.at,
    joined_seq: event.seq,
    read_seq: event.seq,
    read_ordinal: event.ordinal,
    muted_until: null,
    changed_commit: 0,
  });
  return eventView(event);
}

function leave(work: Workspace, room: RoomsTable, member: MembersTable): RoomEvent {
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
