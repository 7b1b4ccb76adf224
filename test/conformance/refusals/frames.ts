import { RequestFailed, type TestClient } from 'parley/testing';
import { fresh, NOBODY } from '../contract.js';
import type { Refusal, Scene } from './scene.js';

async function codeOf(client: TestClient, event: string, data: object): Promise<string> {
  const answer = await client.request(event, data).catch((error: unknown) => error);
  return answer instanceof RequestFailed ? answer.code : 'none';
}

type Data = (scene: Scene) => object | Promise<object>;

/** A request of ann's that is refused, or of whoever is named. */
function refusal(
  request: string,
  code: string,
  [when, data]: readonly [string, Data],
  more: { readonly who?: 'bob' | 'eve'; readonly env?: Refusal['env'] } = {},
): Refusal {
  const { who = 'ann', env } = more;
  const provoke = async (scene: Scene): Promise<string> => codeOf(scene[who], request, await data(scene));
  return { request, code, when, provoke, ...(env && { env }) };
}

const nobody = (): object => ({ userId: NOBODY });
const deleted = ({ roomId, deletedSeq: seq }: Scene): object => ({ roomId, seq });

async function tokenOf(scene: Scene, name: string): Promise<string> {
  const { body } = await scene.server.http.post('/auth/login', {
    username: name,
    password: `${name}'s password`,
  });
  return body['accessToken'] as string;
}

const ACCOUNTS: readonly Refusal[] = [
  refusal('auth.refresh', 'UNAUTHENTICATED', ['the token is none', () => ({ accessToken: 'none' })]),
  refusal('auth.refresh', 'FORBIDDEN', [
    'the token is another session’s',
    async (scene) => ({ accessToken: await tokenOf(scene, 'ann') }),
  ]),
  refusal('auth.refresh', 'FORBIDDEN', [
    'the token is another user’s',
    async (scene) => ({ accessToken: await tokenOf(scene, 'bob') }),
  ]),
  refusal('auth.revoke', 'NOT_FOUND', ['there is no such session', () => ({ sessionId: NOBODY })]),
  refusal('auth.revoke', 'NOT_FOUND', [
    'the session is another user’s',
    ({ bob }) => ({ sessionId: bob.ready['sessionId'] as string }),
  ]),
  refusal('user.find', 'FORBIDDEN', ['the directory is closed', () => ({ query: 'bo' })], {
    env: { USER_DIRECTORY: 'exact' },
  }),
  refusal('user.block', 'NOT_FOUND', ['there is no such user', nobody]),
  refusal('user.block', 'VALIDATION_FAILED', ['it is the caller', ({ ids }) => ({ userId: ids.ann })]),
  refusal('user.unblock', 'NOT_FOUND', ['there is no such user', nobody]),
  refusal('user.unblock', 'VALIDATION_FAILED', ['it is the caller', ({ ids }) => ({ userId: ids.ann })]),
];

/** Bob blocks ann. */
async function blocked({ bob, ids }: Scene): Promise<object> {
  await bob.request('user.block', { userId: ids.ann });
  return { kind: 'direct', memberIds: [ids.bob] };
}

const ROOMS: readonly Refusal[] = [
  refusal('room.create', 'NOT_FOUND', [
    'a member does not exist',
    () => ({ kind: 'group', memberIds: [NOBODY] }),
  ]),
  refusal('room.create', 'FORBIDDEN', ['the other has blocked the caller', blocked]),
  refusal('room.create', 'VALIDATION_FAILED', [
    'a direct room is not of two',
    ({ ids }) => ({ kind: 'direct', memberIds: [ids.bob, ids.eve] }),
  ]),
  refusal('room.remove', 'NOT_FOUND', ['there is no such user', ({ roomId }) => ({ roomId, ...nobody() })]),
  refusal('room.role', 'NOT_FOUND', [
    'the user is no member',
    ({ roomId, ids }) => ({ roomId, userId: ids.eve, role: 'admin' }),
  ]),
  refusal('room.silence', 'NOT_FOUND', [
    'the user is no member',
    ({ roomId, ids }) => ({ roomId, userId: ids.eve, seconds: 1 }),
  ]),
  refusal('room.mute', 'VALIDATION_FAILED', [
    'the time is over',
    ({ roomId }) => ({ roomId, until: '2001-01-01T00:00:00Z' }),
  ]),
];

/** The fifty emoji that a message may have are on it. */
async function fullOfReactions({ ann, roomId, seq }: Scene): Promise<object> {
  const emoji = (index: number): string => String.fromCodePoint(0x1f600 + index);
  for (let index = 0; index < 50; index += 1)
    await ann.request('message.react', { roomId, seq, emoji: emoji(index) });
  return { roomId, seq, emoji: emoji(50) };
}

async function sentBefore({ ann, roomId }: Scene): Promise<object> {
  const clientId = fresh();
  await ann.request('message.send', { roomId, text: 'first', clientId });
  return { roomId, text: 'second', clientId };
}

/** Sends as many messages as the rate allows at once. */
async function hasSentAll({ ann, roomId }: Scene): Promise<object> {
  const send = async (client: TestClient): Promise<unknown> =>
    client.request('message.send', { roomId, text: 'x', clientId: fresh() }).catch(() => undefined);
  await Promise.all(Array.from({ length: 8 }, async () => send(ann)));
  return { roomId, text: 'x', clientId: fresh() };
}

const MESSAGES: readonly Refusal[] = [
  refusal('message.send', 'CONFLICT', ['another message has this clientId', sentBefore]),
  refusal('message.send', 'RATE_LIMITED', ['there were too many', hasSentAll], {
    env: { RATE_SENDS_PER_S: '2' },
  }),
  refusal('message.send', 'VALIDATION_FAILED', [
    'it answers no message',
    ({ roomId }) => ({ roomId, text: 'x', clientId: fresh(), replyTo: 1 }),
  ]),
  refusal('message.edit', 'NOT_FOUND', [
    'there is no such message',
    ({ roomId }) => ({ roomId, seq: 1, text: 'x' }),
  ]),
  refusal('message.edit', 'CONFLICT', ['it is deleted', (scene) => ({ ...deleted(scene), text: 'x' })]),
  refusal('message.edit', 'VALIDATION_FAILED', [
    'nothing is left',
    ({ roomId, seq }) => ({ roomId, seq, text: '' }),
  ]),
  refusal('message.react', 'CONFLICT', ['it is deleted', (scene) => ({ ...deleted(scene), emoji: '👍' })]),
  refusal('message.react', 'CONFLICT', ['fifty emoji are there', fullOfReactions]),
  refusal('message.unreact', 'CONFLICT', ['it is deleted', (scene) => ({ ...deleted(scene), emoji: '👍' })]),
  refusal('message.pin', 'CONFLICT', ['it is deleted', deleted]),
  refusal('message.history', 'VALIDATION_FAILED', [
    'two places are named',
    ({ roomId }) => ({ roomId, before: 3, after: 1 }),
  ]),
  refusal('message.read', 'VALIDATION_FAILED', [
    'it is no thread',
    ({ roomId, seq }) => ({ roomId, seq, threadSeq: 1 }),
  ]),
  ...['message.get', 'message.delete', 'message.pin', 'message.unpin', 'message.receipts'].map((event) =>
    refusal(event, 'NOT_FOUND', ['there is no such message', ({ roomId }) => ({ roomId, seq: 1 })]),
  ),
];

/** A stream of ann's that has said two characters. */
async function streamed({ ann, roomId }: Scene): Promise<{ roomId: string; streamId: string }> {
  const { streamId } = await ann.request('message.stream.start', { roomId, clientId: fresh() });
  const stream = { roomId, streamId: streamId as string };
  await ann.request('message.stream.append', { ...stream, offset: 0, text: 'so' });
  return stream;
}

async function streamedOften(scene: Scene): Promise<object> {
  for (let count = 0; count < 4; count += 1) await streamed(scene);
  return { roomId: scene.roomId, clientId: fresh() };
}

async function ended(scene: Scene): Promise<object> {
  const stream = await streamed(scene);
  await scene.ann.request('message.stream.end', { ...stream, offset: 2 });
  return stream;
}

const STREAMS: readonly Refusal[] = [
  refusal('message.stream.start', 'CONFLICT', [
    'a message has this clientId and says more',
    async (scene) => ({ ...(await sentBefore(scene)), text: undefined, replyTo: scene.seq }),
  ]),
  refusal('message.stream.start', 'RATE_LIMITED', ['too many are open', streamedOften]),
  refusal('message.stream.append', 'CONFLICT', [
    'it leaves a hole',
    async (scene) => ({ ...(await streamed(scene)), offset: 3, text: 'x' }),
  ]),
  refusal('message.stream.end', 'CONFLICT', [
    'it leaves a hole',
    async (scene) => ({ ...(await streamed(scene)), offset: 3 }),
  ]),
  refusal('message.stream.abort', 'CONFLICT', ['it has ended', ended]),
  refusal('message.stream.abort', 'FORBIDDEN', ['it is another’s', streamed], { who: 'bob' }),
];

const PRESENCE: readonly Refusal[] = [
  refusal('presence.set', 'VALIDATION_FAILED', [
    'the time is over',
    () => ({ status: 'dnd', until: '2001-01-01T00:00:00Z' }),
  ]),
  refusal('presence.watch', 'VALIDATION_FAILED', ['nobody is named', () => ({})]),
  refusal('presence.watch', 'NOT_FOUND', ['the room is not the caller’s', ({ roomId }) => ({ roomId })], {
    who: 'eve',
  }),
];

/** Refusals that depend on more than the form of a frame, and than who may do what. */
export const FRAME_REFUSALS: readonly Refusal[] = [
  ...ACCOUNTS,
  ...ROOMS,
  ...MESSAGES,
  ...STREAMS,
  ...PRESENCE,
];
