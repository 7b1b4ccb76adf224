import { tellSelf } from './log.js';
import { roomsOf } from './rooms.js';
import { messageView, positionOf, threadPosition, userView } from './views.js';
import {
  type Call,
  demand,
  headOf,
  type ModelMember,
  type ModelMessage,
  readerIn,
  Refusal,
  type World,
} from './world.js';

/** The request rules of reading, and of whom one wants to hear. */
export const READING_RULES = {
  'message.read': (world: World, call: Call) => {
    const { room, member } = readerIn(world, call);
    const { seq, threadSeq = null } = call.data as { seq: number; threadSeq?: number };
    demand(threadSeq === null || room.messages.get(threadSeq)?.threadSeq === null, 'VALIDATION_FAILED');
    const before = positionOf(room, member, threadSeq).readSeq;
    const readSeq = Math.max(before, Math.min(seq, headOf(room)));
    if (threadSeq === null) member.readSeq = readSeq;
    else member.threads.set(threadSeq, readSeq);
    if (readSeq > before) tellSelf(world, room, { member, threadSeq });
    const { muted: _, ...position } = positionOf(room, member, threadSeq);
    return position;
  },

  'message.receipts': (world: World, call: Call) => {
    const { room } = readerIn(world, call);
    const message = room.messages.get(Number(call.data['seq']));
    if (!message) throw new Refusal('NOT_FOUND');
    const readers = [...room.members.values()].filter((member) => hasRead(member, message));
    return { count: readers.length, readBy: readers.map(({ userId }) => userId) };
  },

  'message.get': (world: World, call: Call) => {
    const { room } = readerIn(world, call);
    const message = room.messages.get(Number(call.data['seq']));
    if (!message) throw new Refusal('NOT_FOUND');
    return { message: messageView(room, message, call.callerId), head: headOf(room) };
  },

  'message.pins': (world: World, call: Call) => {
    const { room } = readerIn(world, call);
    const pinned = room.pins.toReversed().flatMap((seq) => room.messages.get(seq) ?? []);
    return {
      messages: pinned.map((message) => messageView(room, message, call.callerId)),
      head: headOf(room),
    };
  },

  'message.history': (world: World, call: Call) => {
    const { room } = readerIn(world, call);
    const { threadSeq } = call.data as Anchors;
    const all = [...room.messages.values()];
    const wanted = threadSeq === undefined ? all : all.filter((message) => message.threadSeq === threadSeq);
    const { messages, hasMore } = stretchOf(wanted, call.data as Anchors);
    const views = messages.map((message) => messageView(room, message, call.callerId));
    return { messages: views, head: headOf(room), hasMore };
  },

  'message.search': (world: World, call: Call) => {
    const { query, roomId, senderId } = call.data as { query: string; roomId?: string; senderId?: string };
    if (roomId !== undefined) readerIn(world, call);
    const rooms = roomsOf(world, call.callerId).filter(
      ({ room }) => roomId === undefined || room.id === roomId,
    );
    const hits = rooms.flatMap(({ room }) =>
      [...room.messages.values()]
        .filter((message) => senderId === undefined || message.senderId === senderId)
        .filter(({ text }) => isFound(text, query))
        .map((message) => ({ message: messageView(room, message, call.callerId) })),
    );
    return { hits };
  },

  'user.block': (world: World, call: Call) => {
    world.blocks.add(`${call.callerId} ${otherUser(world, call)}`);
    return {};
  },

  'user.unblock': (world: World, call: Call) => {
    world.blocks.delete(`${call.callerId} ${otherUser(world, call)}`);
    return {};
  },

  'user.blocks': (world: World, { callerId }: Call) => ({
    users: [...world.users.keys()]
      .filter((id) => world.blocks.has(`${callerId} ${id}`))
      .map((id) => userView(world, id)),
  }),
};

/** A reader was there when it was sent, did not send it, and has read the room that far or, of a reply, its thread. */
function hasRead(member: ModelMember, { seq, senderId, threadSeq }: ModelMessage): boolean {
  if (member.userId === senderId || member.joinedSeq > seq) return false;
  return member.readSeq >= seq || (threadSeq !== null && threadPosition(member, threadSeq) >= seq);
}

interface Anchors {
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  readonly threadSeq?: number;
  readonly limit?: number;
}

interface Stretch {
  readonly messages: readonly ModelMessage[];
  readonly hasMore: boolean;
}

function stretchOf(all: readonly ModelMessage[], { before, after, around, limit = 50 }: Anchors): Stretch {
  if (after !== undefined)
    return first(
      all.filter(({ seq }) => seq > after),
      limit,
    );
  if (around === undefined)
    return last(
      all.filter(({ seq }) => before === undefined || seq < before),
      limit,
    );
  // The named one counts to what is before it, which has the odd one.
  const later = Math.floor((limit - 1) / 2);
  const past = last(
    all.filter(({ seq }) => seq <= around),
    limit - later,
  );
  const coming = first(
    all.filter(({ seq }) => seq > around),
    later,
  );
  return {
    messages: [...past.messages, ...coming.messages],
    hasMore: past.hasMore || coming.hasMore,
  };
}

const first = (all: readonly ModelMessage[], count: number): Stretch => ({
  messages: all.slice(0, count),
  hasMore: all.length > count,
});

const last = (all: readonly ModelMessage[], count: number): Stretch => ({
  messages: all.slice(Math.max(0, all.length - count)),
  hasMore: all.length > count,
});

/** Every word of the query is in the text, the last one perhaps as the beginning of a word. */
function isFound(text: string, query: string): boolean {
  const words = wordsOf(text);
  const [last, ...rest] = wordsOf(query).toReversed();
  if (last === undefined) return false;
  return rest.every((word) => words.includes(word)) && words.some((word) => word.startsWith(last));
}

const wordsOf = (text: string): string[] => text.split(/[^a-z0-9]+/).filter((word) => word !== '');

function otherUser(world: World, { callerId, data }: Call): string {
  const userId = String(data['userId']);
  demand(userId !== callerId, 'VALIDATION_FAILED');
  demand(world.users.has(userId), 'NOT_FOUND');
  return userId;
}
