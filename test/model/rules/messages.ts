import { append, tellSelf } from './log.js';
import { messageView, reactionsOf } from './views.js';
import {
  type Call,
  demand,
  hasRank,
  headOf,
  isShutOut,
  type ModelMessage,
  type ModelRoom,
  Refusal,
  type Standing,
  type World,
  writerIn,
} from './world.js';

/** The request rules of messages: sending, and what is done to them afterwards. */
export const MESSAGE_RULES = {
  'message.send': (world: World, call: Call) => {
    const sending = sendingOf(call);
    const repeated = firstOf(world, call);
    if (repeated) return repeatedSend(repeated, sending, call.callerId);
    const standing = writerIn(world, call);
    const { room } = standing;
    demandVoice(world, room, call.callerId);
    demandReferences(room, sending);
    return { message: store(world, standing, { ...sending, ...call }), duplicate: false };
  },

  'message.edit': (world: World, call: Call) => {
    const { room, message } = target(world, call);
    demand(message.senderId === call.callerId, 'FORBIDDEN');
    demandVoice(world, room, call.callerId);
    demand(!message.isDeleted, 'CONFLICT');
    const text = String(call.data['text']);
    if (text !== message.text) {
      Object.assign(message, { text, mentions: mentionsIn(world, room, text), isEdited: true });
      append(world, room, { type: 'message.edited', actorId: call.callerId, body: {}, shows: message });
    }
    return { message: messageView(room, message, call.callerId) };
  },

  'message.delete': (world: World, call: Call) => {
    const { room, member, message } = target(world, call);
    demand(message.senderId === call.callerId || hasRank(member.role, 'admin'), 'FORBIDDEN');
    if (message.isDeleted) return {};
    Object.assign(message, { text: '', mentions: [], reactions: [], meta: null, isDeleted: true });
    room.pins = room.pins.filter((seq) => seq !== message.seq);
    const body = { messageSeq: message.seq };
    append(world, room, { type: 'message.deleted', actorId: call.callerId, body });
    return {};
  },

  'message.react': (world: World, call: Call) => {
    const { room, message } = target(world, call);
    demand(!message.isDeleted, 'CONFLICT');
    const emoji = String(call.data['emoji']);
    const known = message.reactions.find((reaction) => reaction.emoji === emoji);
    const userIds = known?.userIds ?? [];
    if (!userIds.includes(call.callerId)) {
      if (!known) message.reactions.push({ emoji, userIds });
      userIds.push(call.callerId);
      const body = { messageSeq: message.seq, emoji, count: userIds.length };
      append(world, room, { type: 'reaction.added', actorId: call.callerId, body });
    }
    return { reactions: reactionsOf(message, call.callerId) };
  },

  'message.unreact': (world: World, call: Call) => {
    const { room, message } = target(world, call);
    demand(!message.isDeleted, 'CONFLICT');
    const emoji = String(call.data['emoji']);
    const known = message.reactions.find((reaction) => reaction.emoji === emoji);
    if (known?.userIds.includes(call.callerId) === true) {
      known.userIds = known.userIds.filter((id) => id !== call.callerId);
      message.reactions = message.reactions.filter(({ userIds }) => userIds.length > 0);
      const body = { messageSeq: message.seq, emoji, count: known.userIds.length };
      append(world, room, { type: 'reaction.removed', actorId: call.callerId, body });
    }
    return { reactions: reactionsOf(message, call.callerId) };
  },

  'message.pin': (world: World, call: Call) => {
    const { room, member, message } = target(world, call);
    demand(hasRank(member.role, 'admin'), 'FORBIDDEN');
    demand(!message.isDeleted, 'CONFLICT');
    if (room.pins.includes(message.seq)) return {};
    room.pins.push(message.seq);
    append(world, room, { type: 'pin.added', actorId: call.callerId, body: { messageSeq: message.seq } });
    return {};
  },

  'message.unpin': (world: World, call: Call) => {
    const { room, member, message } = target(world, call);
    demand(hasRank(member.role, 'admin'), 'FORBIDDEN');
    if (!room.pins.includes(message.seq)) return {};
    room.pins = room.pins.filter((seq) => seq !== message.seq);
    append(world, room, { type: 'pin.removed', actorId: call.callerId, body: { messageSeq: message.seq } });
    return {};
  },
};

interface Sending {
  readonly text: string;
  readonly clientId: string;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  readonly meta: object | null;
}

function sendingOf({ data }: Call): Sending {
  const { text, clientId, replyTo = null, threadSeq = null, meta = null } = data as Partial<Sending>;
  return { text: text ?? '', clientId: clientId ?? '', replyTo, threadSeq, meta };
}

const saidBy = ({ text, replyTo, threadSeq }: Sending): string => JSON.stringify([text, replyTo, threadSeq]);

interface Found {
  readonly room: ModelRoom;
  readonly message: ModelMessage;
}

/** What the caller sent in this room under this `clientId` before; whether they are still there does not matter. */
function firstOf(world: World, { callerId, data }: Call): Found | undefined {
  const room = world.rooms.get(String(data['roomId']));
  const message = [...(room?.messages.values() ?? [])].find(
    ({ senderId, clientId }) => senderId === callerId && clientId === data['clientId'],
  );
  return room && message && { room, message };
}

function repeatedSend({ room, message }: Found, sending: Sending, callerId: string) {
  demand(message.isDeleted || message.said === saidBy(sending), 'CONFLICT');
  return { message: messageView(room, message, callerId), duplicate: true };
}

/** Whoever is silenced, or blocked by the other one of a direct room, says nothing. */
function demandVoice(world: World, room: ModelRoom, userId: string): void {
  demand(!room.silenced.has(userId), 'FORBIDDEN');
  demand(!isShutOut(world, room, userId), 'FORBIDDEN');
}

function demandReferences(room: ModelRoom, { replyTo, threadSeq }: Sending): void {
  demand(replyTo === null || room.messages.has(replyTo), 'VALIDATION_FAILED');
  const isRoot = threadSeq === null || room.messages.get(threadSeq)?.threadSeq === null;
  demand(isRoot, 'VALIDATION_FAILED');
}

function store(world: World, { room, member }: Standing, send: Sending & Call) {
  const { threadSeq, callerId } = send;
  const seq = headOf(room) + 1;
  const message: ModelMessage = {
    ...sendingOf(send),
    seq,
    id: send.chosen.id ?? '',
    senderId: callerId,
    said: saidBy(send),
    mentions: mentionsIn(world, room, send.text),
    reactions: [],
    isEdited: false,
    isDeleted: false,
  };
  room.messages.set(seq, message);
  append(world, room, { type: 'message', actorId: callerId, body: {}, shows: message });
  member.readSeq = seq;
  if (threadSeq !== null) member.threads.set(threadSeq, seq);
  tellSelf(world, room, { member });
  return messageView(room, message, callerId);
}

function mentionsIn(world: World, room: ModelRoom, text: string): string[] {
  const named = new Set(text.split(' ').filter((word) => word.startsWith('@')));
  const users = [...world.users.values()].filter(({ username }) => named.has(`@${username}`));
  return users.filter(({ id }) => room.members.has(id)).map(({ id }) => id);
}

/** The message that a member wants something done to. */
function target(world: World, call: Call): Standing & { readonly message: ModelMessage } {
  const standing = writerIn(world, call);
  const message = standing.room.messages.get(Number(call.data['seq']));
  if (!message) throw new Refusal('NOT_FOUND');
  return { ...standing, message };
}
