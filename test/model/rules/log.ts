import { eventView, positionOf, roomFacts } from './views.js';
import { headOf, type ModelEvent, type ModelMember, type ModelRoom, type Role, type World } from './world.js';

/** Appends an event and pushes it to everyone who is a member at that moment. */
export function append(world: World, room: ModelRoom, event: Omit<ModelEvent, 'seq'>): number {
  const stored = { seq: headOf(room) + 1, ...event };
  room.log.push(stored);
  room.activeAt = ++world.ticks;
  const data = eventView(room, stored);
  for (const userId of room.members.keys()) world.pushes.push({ userId, event: 'room.event', data });
  return stored.seq;
}

/** One becomes a member: `room.added` comes first, then their own `member.joined`. */
export function enter(
  world: World,
  room: ModelRoom,
  { userId, role, actorId }: { userId: string; role: Role; actorId: string },
): void {
  const joinedSeq = headOf(room) + 1;
  const position = { joinedSeq, readSeq: joinedSeq, muted: false, threads: new Map<number, number>() };
  room.members.set(userId, { userId, role, ...position, changedAt: ++world.ticks });
  // Of the room only what its place in the log decides: the rest may be as it is by now.
  const { id, kind, head, floor } = roomFacts(room, joinedSeq);
  const added = { id, kind, head, floor, role, readSeq: joinedSeq, unread: 0, mentions: 0, muted: false };
  world.pushes.push({ userId, event: 'room.added', data: { room: added } });
  append(world, room, { type: 'member.joined', actorId, body: { userId, role } });
}

/** One is a member no more: their own `member.left` is the last event they see, then comes `room.removed`. */
export function exit(
  world: World,
  room: ModelRoom,
  { userId, actorId, reason }: { userId: string; actorId: string; reason: 'left' | 'removed' | 'banned' },
): void {
  const role = room.members.get(userId)?.role;
  const body = { userId, role, ...(reason === 'banned' && { banned: true }) };
  append(world, room, { type: 'member.left', actorId, body });
  room.members.delete(userId);
  world.pushes.push({ userId, event: 'room.removed', data: { roomId: room.id, reason } });
}

/** A member's own position or mute changed: all of the member's devices are told. */
export function tellSelf(
  world: World,
  room: ModelRoom,
  { member, threadSeq = null }: { readonly member: ModelMember; readonly threadSeq?: number | null },
): void {
  // `reads` of `room.sync` are of rooms: a thread's position is not among them.
  if (threadSeq === null) member.changedAt = ++world.ticks;
  const place = { roomId: room.id, ...(threadSeq !== null && { threadSeq }) };
  const data = { ...place, ...positionOf(room, member, threadSeq) };
  world.pushes.push({ userId: member.userId, event: 'room.self', data });
}
