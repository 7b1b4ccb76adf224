import type { ModelEvent, ModelMember, ModelMessage, ModelRoom, World } from './world.js';
import { headOf } from './world.js';

/** Stands for every time that the wire has: the rules do not know what time it is. */
export const SOME_TIME = '<time>';

const timeIf = (isSo: boolean): string | null => (isSo ? SOME_TIME : null);

export function userView(world: World, userId: string) {
  return { id: userId, username: world.users.get(userId)?.username, deletedAt: null };
}

/** What anyone may see of a room. */
export function roomFacts(room: ModelRoom, head = headOf(room)) {
  return {
    id: room.id,
    kind: room.kind,
    name: room.name,
    topic: room.topic,
    createdAt: SOME_TIME,
    archivedAt: timeIf(room.isArchived),
    head,
    floor: 1,
    memberCount: room.members.size,
    ...(room.kind === 'direct' && { userIds: [...room.members.keys()].toSorted() }),
  };
}

export function roomView(room: ModelRoom, member: ModelMember) {
  const last = [...room.messages.values()].at(-1);
  return {
    ...roomFacts(room),
    role: member.role,
    ...positionOf(room, member),
    lastMessage: last ? messageView(room, last, member.userId) : null,
  };
}

/** Where a member stands in the room, or in one of its threads. */
export function positionOf(room: ModelRoom, member: ModelMember, threadSeq: number | null = null) {
  const readSeq = threadSeq === null ? member.readSeq : threadPosition(member, threadSeq);
  const after = [...room.messages.values()].filter(({ seq }) => seq > readSeq);
  const here = after.filter((message) => message.threadSeq === threadSeq);
  const counted = threadSeq === null ? after : here;
  const mentions = counted.filter((message) => message.mentions.includes(member.userId));
  return { readSeq, unread: here.length, mentions: mentions.length, muted: member.muted };
}

export function threadPosition({ threads, joinedSeq }: ModelMember, threadSeq: number): number {
  return threads.get(threadSeq) ?? joinedSeq;
}

/** A message as a reader is answered it or, without one, as events show it: the same for everyone. */
export function messageView(room: ModelRoom, message: ModelMessage, readerId?: string) {
  const { id, seq, senderId, text, clientId, replyTo, threadSeq, mentions, meta } = message;
  const replies = [...room.messages.values()].filter((reply) => reply.threadSeq === seq && !reply.isDeleted);
  return {
    id,
    roomId: room.id,
    seq,
    senderId,
    text,
    clientId,
    replyTo,
    threadSeq,
    meta,
    mentions: mentions.toSorted(),
    attachments: [],
    createdAt: SOME_TIME,
    editedAt: timeIf(message.isEdited),
    deletedAt: timeIf(message.isDeleted),
    reactions: readerId === undefined ? [] : reactionsOf(message, readerId),
    replyCount: readerId === undefined ? 0 : replies.length,
  };
}

export function reactionsOf({ reactions }: ModelMessage, readerId: string) {
  return reactions.map(({ emoji, userIds }) => ({
    emoji,
    count: userIds.length,
    mine: userIds.includes(readerId),
  }));
}

export function eventView(room: ModelRoom, { seq, type, actorId, body, shows }: ModelEvent) {
  return {
    roomId: room.id,
    seq,
    type,
    actorId,
    at: SOME_TIME,
    ...body,
    ...(shows && { message: messageView(room, shows) }),
  };
}
