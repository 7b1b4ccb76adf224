import {
  choice,
  count,
  cursor,
  emoji,
  type Field,
  flag,
  id,
  idList,
  limit,
  meta,
  optional,
} from './fields.js';
import { seq, someIds, taking, until, words } from './fields.js';
import type { World } from './world.js';

/** Where what is no name, word or token is only not found. */
const CONTROLS = ['text with U+0000', 'text with a control'] as const;

/** A request with every field that it has. */
export interface Request {
  /** Its least data that is answered with a reply. */
  readonly data: (world: World) => object;
  readonly fields: Readonly<Record<string, Field>>;
}

/** What is no token at all is only a wrong one. */
const token = taking(
  { ...id, fits: {}, breaks: { 'very long text': `"${'x'.repeat(20_000)}"` } },
  ...CONTROLS,
  'text with a lone surrogate',
);
const name = optional(words(1, 100));
const topic = optional(words(0, 500));
const clientId = words(8, 64);
const here = ({ roomId }: World): object => ({ roomId });
const message = ({ roomId, seq: at }: World): object => ({ roomId, seq: at });
const target = ({ roomId, memberId }: World): object => ({ roomId, userId: memberId });
const page = { cursor, limit: limit(100) };
const nothing = (): object => ({});

function request(data: Request['data'], fields: Request['fields'] = {}): Request {
  return { data, fields };
}

const people = optional(idList(200));

const ACCOUNTS: Record<string, Request> = {
  'auth.whoami': request(nothing),
  'auth.refresh': request(({ accessToken }) => ({ accessToken }), { accessToken: token }),
  'auth.sessions': request(nothing),
  'auth.revoke': request(({ sessionId }) => ({ sessionId }), { sessionId: id }),
  'auth.logout': request(nothing),
  'user.get': request(nothing, { userIds: people, usernames: people }),
  'user.find': request(() => ({ query: 'an' }), {
    query: words(1, 200, CONTROLS),
    cursor,
    limit: limit(200),
  }),
  'user.update': request(nothing, { displayName: optional(words(1, 64)) }),
  'user.block': request(({ memberId }) => ({ userId: memberId }), { userId: id }),
  'user.unblock': request(({ memberId }) => ({ userId: memberId }), { userId: id }),
  'user.blocks': request(nothing, { cursor }),
};

const ROOMS: Record<string, Request> = {
  'room.create': request(() => ({ kind: 'group' }), {
    kind: choice('group', 'channel'),
    name,
    topic,
    memberIds: optional(idList(100)),
    clientId: optional(clientId),
  }),
  'room.get': request(here, { roomId: id }),
  'room.list': request(nothing, page),
  'room.discover': request(nothing, { query: optional(words(1, 200)), ...page }),
  'room.update': request(here, { roomId: id, name, topic }),
  'room.archive': request(here, { roomId: id }),
  'room.join': request(here, { roomId: id }),
  'room.leave': request(here, { roomId: id }),
  'room.add': request(({ roomId, memberId }) => ({ roomId, userIds: [memberId] }), {
    roomId: id,
    userIds: someIds(100),
  }),
  'room.remove': request(target, { roomId: id, userId: id, ban: optional(flag) }),
  'room.unban': request(target, { roomId: id, userId: id }),
  'room.role': request((world) => ({ ...target(world), role: 'member' }), {
    roomId: id,
    userId: id,
    role: choice('member', 'admin'),
  }),
  'room.silence': request((world) => ({ ...target(world), seconds: 0 }), {
    roomId: id,
    userId: id,
    seconds: count(0, 31_536_000),
  }),
  'room.mute': request(here, { roomId: id, until }),
  'room.members': request(here, { roomId: id, ...page }),
  'room.typing': request((world) => ({ ...here(world), active: false }), { roomId: id, active: flag }),
  'room.sync': request(nothing, {
    epoch: optional(words(1, 64)),
    rooms: optional({
      isRequired: false,
      takes: [],
      fits: { 'no rooms': '{}', 'a room': '{"nowhere":0}', 'the end of all logs': '{"x":9007199254740991}' },
      breaks: {
        'text for a seq': '{"x":"1"}',
        'null for a seq': '{"x":null}',
        'a fraction for a seq': '{"x":1.5}',
        'a negative seq': '{"x":-1}',
        'an infinite seq': '{"x":1e309}',
        'a list for a seq': '{"x":[1]}',
        'too long an id': `{"${'x'.repeat(65)}":1}`,
      },
    }),
    rest: optional(choice('none')),
    since: cursor,
    limit: limit(200),
    cursor,
  }),
};

const MESSAGES: Record<string, Request> = {
  'message.send': request((world) => ({ ...here(world), text: 'hi', clientId: world.fresh() }), {
    roomId: id,
    text: words(1, 8000),
    clientId,
    replyTo: optional({ ...seq, takes: [] }),
    threadSeq: optional({ ...seq, takes: [] }),
    attachmentIds: optional({ ...idList(20), takes: ['an empty array'], fits: {} }),
    meta,
  }),
  'message.edit': request((world) => ({ ...message(world), text: 'ho' }), {
    roomId: id,
    seq,
    text: words(1, 8000),
  }),
  'message.delete': request(message, { roomId: id, seq }),
  'message.react': request((world) => ({ ...message(world), emoji: '👍' }), { roomId: id, seq, emoji }),
  'message.unreact': request((world) => ({ ...message(world), emoji: '👍' }), { roomId: id, seq, emoji }),
  'message.pin': request(message, { roomId: id, seq }),
  'message.unpin': request(message, { roomId: id, seq }),
  'message.pins': request(here, { roomId: id, ...page }),
  'message.history': request(here, {
    roomId: id,
    before: optional(seq),
    after: optional({ ...taking(seq, 'negative zero'), breaks: { 'a number as text': '"1"' } }),
    around: optional(seq),
    threadSeq: optional(seq),
    limit: limit(100),
  }),
  'message.get': request(message, { roomId: id, seq }),
  'message.search': request(() => ({ query: 'hi' }), {
    query: words(1, 200),
    roomId: optional(id),
    senderId: optional(id),
    ...page,
  }),
  'message.read': request(message, { roomId: id, seq, threadSeq: optional({ ...seq, takes: [] }) }),
  'message.receipts': request(message, { roomId: id, seq, cursor }),
};

const stream = ({ roomId, streamId }: World): object => ({ roomId, streamId });
const streamed = { roomId: id, streamId: id, offset: count(0, 8000) };

const STREAMS: Record<string, Request> = {
  'message.stream.start': request((world) => ({ ...here(world), clientId: world.fresh() }), {
    roomId: id,
    clientId,
    replyTo: optional({ ...seq, takes: [] }),
    threadSeq: optional({ ...seq, takes: [] }),
    meta,
  }),
  'message.stream.append': request((world) => ({ ...stream(world), offset: 0, text: '' }), {
    ...streamed,
    text: words(0, 8000),
  }),
  'message.stream.end': request((world) => ({ ...stream(world), offset: 2 }), {
    ...streamed,
    text: optional(words(0, 8000)),
  }),
  'message.stream.abort': request(stream, { roomId: id, streamId: id }),
  'message.stream.get': request(stream, { roomId: id, streamId: id }),
  'message.streams': request(here, { roomId: id }),
};

const PRESENCE: Record<string, Request> = {
  'presence.set': request(() => ({ status: 'online' }), {
    status: choice('online', 'away', 'dnd', 'invisible'),
    text: optional(words(0, 100)),
    until,
  }),
  'presence.get': request(() => ({ userIds: [] }), { userIds: idList(200) }),
  'presence.watch': request((world) => ({ ...here(world), userIds: [] }), {
    userIds: people,
    roomId: optional(id),
  }),
  'presence.unwatch': request(nothing, { userIds: people, roomId: optional(id) }),
};

/** Every request of the service, by its event. */
export const REQUESTS: Readonly<Record<string, Request>> = {
  ...ACCOUNTS,
  ...ROOMS,
  ...MESSAGES,
  ...STREAMS,
  ...PRESENCE,
};
