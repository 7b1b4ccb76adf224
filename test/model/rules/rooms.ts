import { append, enter, exit, tellSelf } from './log.js';
import { roomFacts, roomView, SOME_TIME, userView } from './views.js';
import {
  type Call,
  demand,
  hasRank,
  headOf,
  isBlocked,
  type ModelRoom,
  readerIn,
  Refusal,
  type Role,
  ruler,
  type Standing,
  type World,
  writerIn,
} from './world.js';

/** The request rules of rooms, by the request's name. Each gives the reply or throws a `Refusal`. */
export const ROOM_RULES = {
  'room.create': create,

  'room.get': (world: World, call: Call) => {
    const room = world.rooms.get(String(call.data['roomId']));
    if (room?.kind === 'channel' && !room.members.has(call.callerId)) return { room: roomFacts(room) };
    return viewed(readerIn(world, call));
  },

  'room.list': (world: World, { callerId }: Call) => ({
    rooms: roomsOf(world, callerId).map(({ room, member }) => roomView(room, member)),
  }),

  'room.discover': (world: World, { data }: Call) => {
    const found = [...world.rooms.values()].filter(
      ({ kind, isArchived, name }) =>
        kind === 'channel' && !isArchived && name?.startsWith(String(data['query'])),
    );
    return { rooms: found.map(({ id }) => ({ id })) };
  },

  'room.members': (world: World, call: Call) => ({
    members: [...readerIn(world, call).room.members.values()].map(({ userId, role }) => ({
      user: userView(world, userId),
      role,
      joinedAt: SOME_TIME,
    })),
  }),

  'room.update': (world: World, call: Call) => {
    const standing = ruler(world, call, 'admin');
    const { room } = standing;
    const { name = room.name, topic = room.topic } = call.data as { name?: string; topic?: string };
    if (name === room.name && topic === room.topic) return viewed(standing);
    Object.assign(room, { name, topic });
    const body = { room: roomFacts(room, headOf(room) + 1) };
    append(world, room, { type: 'room.updated', actorId: call.callerId, body });
    return viewed(standing);
  },

  'room.archive': (world: World, call: Call) => {
    const reader = world.rooms.get(String(call.data['roomId']))?.members.get(call.callerId);
    const known = world.rooms.get(String(call.data['roomId']));
    if (known?.isArchived === true && reader?.role === 'owner') return viewed(readerIn(world, call));
    const standing = ruler(world, call, 'owner');
    standing.room.isArchived = true;
    append(world, standing.room, { type: 'room.archived', actorId: call.callerId, body: {} });
    return viewed(standing);
  },

  'room.join': (world: World, call: Call) => {
    const room = world.rooms.get(String(call.data['roomId']));
    if (room?.members.has(call.callerId)) return viewed(readerIn(world, call));
    demand(room?.kind === 'channel', 'NOT_FOUND');
    demand(!room.isArchived && !room.banned.has(call.callerId), 'FORBIDDEN');
    const role = room.members.size === 0 ? 'owner' : 'member';
    enter(world, room, { userId: call.callerId, role, actorId: call.callerId });
    return viewed(readerIn(world, call));
  },

  'room.leave': (world: World, call: Call) => {
    const known = world.rooms.get(String(call.data['roomId']));
    if (known?.kind === 'channel' && !known.members.has(call.callerId)) return {};
    const { room, member } = writerIn(world, call);
    demand(room.kind !== 'direct', 'FORBIDDEN');
    const heir = member.role === 'owner' ? heirOf(room, call.callerId) : undefined;
    if (heir) changeRole(world, { room, member: heir }, { role: 'owner', actorId: call.callerId });
    exit(world, room, { userId: call.callerId, actorId: call.callerId, reason: 'left' });
    return {};
  },

  'room.add': (world: World, call: Call) => {
    const { room, member } = writerIn(world, call);
    demand(room.kind !== 'direct', 'FORBIDDEN');
    demand(room.kind === 'group' || hasRank(member.role, 'admin'), 'FORBIDDEN');
    const welcome = (call.data['userIds'] as string[]).filter(
      (id) => world.users.has(id) && !room.members.has(id) && !room.banned.has(id),
    );
    const added = welcome.filter((id) => !isBlocked(world, id, call.callerId));
    const order = call.chosen.added ?? [];
    added.sort((a, b) => order.indexOf(a) - order.indexOf(b));
    for (const userId of added) enter(world, room, { userId, role: 'member', actorId: call.callerId });
    return { added };
  },

  'room.remove': (world: World, call: Call) => {
    const { room, member } = ruler(world, call, 'admin');
    const userId = knownUser(world, call);
    const target = room.members.get(userId);
    if (target) demand(!hasRank(target.role, member.role), 'FORBIDDEN');
    const isBan = call.data['ban'] === true;
    if (isBan) room.banned.add(userId);
    if (target) exit(world, room, { userId, actorId: call.callerId, reason: isBan ? 'banned' : 'removed' });
    return {};
  },

  'room.unban': (world: World, call: Call) => {
    ruler(world, call, 'admin').room.banned.delete(String(call.data['userId']));
    return {};
  },

  'room.role': (world: World, call: Call) => {
    const { room, member } = ruler(world, call, 'owner');
    const target = room.members.get(String(call.data['userId']));
    if (!target) throw new Refusal('NOT_FOUND');
    const role = call.data['role'] as Role;
    if (target.role === role) return {};
    demand(target !== member, 'FORBIDDEN');
    changeRole(world, { room, member: target }, { role, actorId: call.callerId });
    if (role === 'owner') changeRole(world, { room, member }, { role: 'admin', actorId: call.callerId });
    return {};
  },

  'room.silence': (world: World, call: Call) => {
    const { room, member } = ruler(world, call, 'admin');
    const target = room.members.get(String(call.data['userId']));
    if (!target) throw new Refusal('NOT_FOUND');
    demand(!hasRank(target.role, member.role), 'FORBIDDEN');
    if (call.data['seconds'] === 0) room.silenced.delete(target.userId);
    else room.silenced.add(target.userId);
    return {};
  },

  'room.mute': (world: World, call: Call) => {
    const { room, member } = readerIn(world, call);
    const { until } = call.data as { until?: string | null };
    const muted = until === undefined ? true : (until ?? false);
    if (muted === member.muted) return {};
    member.muted = muted;
    tellSelf(world, room, { member });
    return {};
  },
};

/** The caller's rooms, last active first. */
export function roomsOf(world: World, userId: string): Standing[] {
  const standings = [...world.rooms.values()].flatMap((room) => {
    const member = room.members.get(userId);
    return member ? [{ room, member }] : [];
  });
  return standings.toSorted((a, b) => b.room.activeAt - a.room.activeAt);
}

const viewed = ({ room, member }: Standing) => ({ room: roomView(room, member) });

interface Creation {
  readonly kind: ModelRoom['kind'];
  readonly name?: string;
  readonly topic?: string;
  readonly memberIds?: readonly string[];
  readonly clientId?: string;
}

function create(world: World, { callerId, data, chosen }: Call) {
  const creation = data as unknown as Creation;
  const { kind } = creation;
  const others = [...new Set(creation.memberIds)].filter((id) => id !== callerId);
  demand(kind !== 'direct' || others.length === 1, 'VALIDATION_FAILED');
  const existing = earlierRoom(world, callerId, creation);
  if (existing) return viewed(readerIn(world, { callerId, data: { roomId: existing.id }, chosen }));
  demand(
    others.every((id) => world.users.has(id)),
    'NOT_FOUND',
  );
  const welcome = others.filter((id) => !isBlocked(world, id, callerId));
  demand(kind !== 'direct' || welcome.length === 1, 'FORBIDDEN');
  const room = newRoom(creation, callerId, chosen.id ?? '');
  world.rooms.set(room.id, room);
  enter(world, room, { userId: callerId, role: 'owner', actorId: callerId });
  const role = kind === 'direct' ? 'owner' : 'member';
  for (const userId of welcome) enter(world, room, { userId, role, actorId: callerId });
  return viewed(readerIn(world, { callerId, data: { roomId: room.id }, chosen }));
}

/** The room of an earlier request with this `clientId`, or the direct room of the same two. */
function earlierRoom(world: World, callerId: string, { kind, clientId, memberIds = [] }: Creation) {
  const rooms = [...world.rooms.values()];
  const other = memberIds.find((id) => id !== callerId);
  const repeated = rooms.find((room) => room.creatorId === callerId && room.clientId === clientId);
  return repeated ?? rooms.find((room) => kind === 'direct' && isDirectOf(room, callerId, other));
}

function isDirectOf(room: ModelRoom, one: string, other: string | undefined): boolean {
  return room.kind === 'direct' && room.members.has(one) && room.members.has(other ?? '');
}

function newRoom(creation: Creation, creatorId: string, id: string): ModelRoom {
  const { kind, name = null, topic = null, clientId = null } = creation;
  return {
    id,
    kind,
    name,
    topic,
    creatorId,
    clientId,
    isArchived: false,
    activeAt: 0,
    log: [],
    members: new Map(),
    messages: new Map(),
    pins: [],
    banned: new Set(),
    silenced: new Set(),
  };
}

/** Who gets the room of an owner that leaves: the longest-standing admin, else member. */
function heirOf(room: ModelRoom, leaverId: string): Standing['member'] | undefined {
  const others = [...room.members.values()].filter(({ userId }) => userId !== leaverId);
  return others.find(({ role }) => role === 'admin') ?? others[0];
}

function changeRole(
  world: World,
  { room, member }: Standing,
  { role, actorId }: { readonly role: Role; readonly actorId: string },
): void {
  append(world, room, { type: 'member.role', actorId, body: { userId: member.userId, role } });
  member.role = role;
  member.changedAt = ++world.ticks;
}

function knownUser(world: World, { data }: Call): string {
  const userId = String(data['userId']);
  demand(world.users.has(userId), 'NOT_FOUND');
  return userId;
}
