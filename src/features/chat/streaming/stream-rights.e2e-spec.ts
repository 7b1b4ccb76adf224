import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { failureOf, follow, freshId, pushOf, RoomTalk } from './testing.js';

const NAMES = ['ann', 'bob', 'cay', 'eve'] as const;
type Name = (typeof NAMES)[number];
const NOWHERE = '0197f2a4-0000-7000-8000-000000000000';

let server: TestServer;
let clients: Readonly<Record<Name, TestClient>>;
let ids: Readonly<Record<Name, string>>;
/** Ann's group, with bob and cay. */
let room: RoomTalk;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
  clients = await ofEach(async (name) => server.connect(name));
  ids = await ofEach(async (name) => (await server.user(name)).id);
});

afterAll(async () => server.close());

beforeEach(async () => {
  room = await created({ kind: 'group', memberIds: [ids.bob, ids.cay] });
});

async function ofEach<T>(make: (name: Name) => Promise<T>): Promise<Record<Name, T>> {
  const made = await Promise.all(NAMES.map(async (name) => [name, await make(name)] as const));
  return Object.fromEntries(made) as Record<Name, T>;
}

/** A room of ann's that every member is already pushed from. */
async function created(values: { kind: string; memberIds?: string[] }): Promise<RoomTalk> {
  const { room: view } = await clients.ann.request('room.create', values);
  const roomId = String((view as Json)['id']);
  const members = NAMES.filter((name) => name === 'ann' || values.memberIds?.includes(ids[name]));
  for (const name of members) await clients[name].next('room.added', (data) => data['room'].id === roomId);
  return new RoomTalk(roomId);
}

async function request(name: Name, event: string, values: object = {}): Promise<Json> {
  return await clients[name].request(event, { roomId: room.roomId, ...values });
}

/** That nothing of the stream is anywhere, and that everyone in the room is told. */
async function expectGone(streamId: string, witness: Name = 'ann'): Promise<void> {
  expect((await follow(clients[witness], streamId)).last['state']).toBe('aborted');
  expect(await failureOf(room.get(clients[witness], streamId))).toEqual({ code: 'NOT_FOUND' });
  expect(await room.newest(clients[witness])).toBeUndefined();
}

describe('who is no member', () => {
  it.each([
    ['group', 'NOT_FOUND', 'NOT_FOUND'],
    ['channel', 'FORBIDDEN', 'NOT_FOUND'],
    ['direct', 'NOT_FOUND', 'NOT_FOUND'],
  ])('of a %s may do nothing with its streams', async (kind, writing, reading) => {
    room = await created({ kind, ...(kind !== 'channel' && { memberIds: [ids.bob] }) });
    const streamId = await room.said(clients.ann, 'private');
    const { eve } = clients;
    expect(await failureOf(room.start(eve))).toEqual({ code: writing });
    expect(await failureOf(room.append(eve, streamId, 7, '!'))).toEqual({ code: writing });
    expect(await failureOf(room.end(eve, streamId, 7))).toEqual({ code: writing });
    expect(await failureOf(room.abort(eve, streamId))).toEqual({ code: writing });
    expect(await failureOf(room.get(eve, streamId))).toEqual({ code: reading });
    expect(await failureOf(room.list(eve))).toEqual({ code: reading });
    await eve.expectSilence('message.stream');
  });

  it('is told the same of a room that there is not', async () => {
    const streamId = await room.startId(clients.ann);
    const nowhere = new RoomTalk(NOWHERE);
    for (const [event, values] of [
      ['message.stream.start', { clientId: freshId() }],
      ['message.stream.append', { streamId, offset: 0, text: 'x' }],
      ['message.stream.end', { streamId, offset: 0 }],
      ['message.stream.abort', { streamId }],
      ['message.stream.get', { streamId }],
      ['message.streams', {}],
    ] as const) {
      const told = async ({ roomId }: RoomTalk): Promise<unknown> =>
        await clients.eve.request(event, { ...values, roomId }).catch((error: { data: Json }) => error.data);
      expect(await told(room)).toEqual(await told(nowhere));
    }
  });
});

describe('a member', () => {
  it('can neither go on with nor end the stream of another', async () => {
    const streamId = await room.said(clients.ann, 'mine');
    const { bob } = clients;
    expect(await failureOf(room.append(bob, streamId, 4, '!'))).toEqual({ code: 'NOT_FOUND' });
    expect(await failureOf(room.end(bob, streamId, 4))).toEqual({ code: 'NOT_FOUND' });
    expect(await failureOf(room.abort(bob, streamId))).toEqual({ code: 'FORBIDDEN' });
    expect((await room.getSaid(bob, streamId, 4))['text']).toBe('mine');
  });

  it('who is an admin can abort it', async () => {
    const streamId = await room.said(clients.bob, 'rude');
    await room.abort(clients.ann, streamId);
    await expectGone(streamId, 'cay');
  });

  it('is told of no stream that there is not, nor of one of another room', async () => {
    const elsewhere = await room.said(clients.bob, 'there');
    room = await created({ kind: 'group', memberIds: [ids.bob] });
    for (const streamId of [NOWHERE, elsewhere]) {
      expect(await failureOf(room.append(clients.bob, streamId, 0, 'x'))).toEqual({ code: 'NOT_FOUND' });
      expect(await failureOf(room.end(clients.bob, streamId, 0, 'x'))).toEqual({ code: 'NOT_FOUND' });
      expect(await failureOf(room.abort(clients.bob, streamId))).toEqual({ code: 'NOT_FOUND' });
      expect(await failureOf(room.get(clients.bob, streamId))).toEqual({ code: 'NOT_FOUND' });
    }
  });

  it.each([
    ['clientId', { clientId: 'short' }],
    ['replyTo', { replyTo: 0 }],
    ['replyTo', { replyTo: 1 }],
    ['threadSeq', { threadSeq: 99 }],
    ['meta', { meta: [] }],
    ['text', { text: 'not yet' }],
  ])('is refused a start for its %s in %j', async (path, values) => {
    const outcome = await failureOf(room.start(clients.bob, values));
    expect(outcome).toEqual({ code: 'VALIDATION_FAILED', paths: [path] });
  });
});

describe('a stream is aborted', () => {
  it.each([
    ['is removed', async () => request('ann', 'room.remove', { userId: ids.bob }), 'NOT_FOUND'],
    ['is banned', async () => request('ann', 'room.remove', { userId: ids.bob, ban: true }), 'NOT_FOUND'],
    ['leaves', async () => request('bob', 'room.leave'), 'NOT_FOUND'],
    [
      'is silenced',
      async () => request('ann', 'room.silence', { userId: ids.bob, seconds: 60 }),
      'FORBIDDEN',
    ],
    ['sees the room archived', async () => request('ann', 'room.archive'), 'FORBIDDEN'],
  ])('when its sender %s', async (_, act, code) => {
    const streamId = await room.said(clients.bob, 'and another thing');
    await pushOf(clients.ann, streamId);
    await act();
    expect(await failureOf(room.append(clients.bob, streamId, 17, '!'))).toEqual({ code });
    expect(await failureOf(room.end(clients.bob, streamId, 17))).toEqual({ code });
    await expectGone(streamId);
  });

  it('also if its sender is let in again at once', async () => {
    const streamId = await room.said(clients.bob, 'abc');
    await Promise.all([
      request('ann', 'room.remove', { userId: ids.bob }),
      request('ann', 'room.add', { userIds: [ids.bob] }),
    ]);
    expect(await failureOf(room.append(clients.bob, streamId, 3, 'd'))).toEqual({ code: 'CONFLICT' });
    await expectGone(streamId);
  });

  it('when the other one of a direct room blocks its sender', async () => {
    room = await created({ kind: 'direct', memberIds: [ids.eve] });
    const streamId = await room.said(clients.ann, 'listen');
    await clients.eve.request('user.block', { userId: ids.ann });
    expect(await failureOf(room.append(clients.ann, streamId, 6, '!'))).toMatchObject({
      code: expect.stringMatching(/^(FORBIDDEN|CONFLICT)$/),
    });
    expect(await failureOf(room.start(clients.ann))).toEqual({ code: 'FORBIDDEN' });
    await expectGone(streamId, 'eve');
    await clients.eve.request('user.unblock', { userId: ids.ann });
  });
});

describe('one who was removed', () => {
  it('is shown nothing of a stream any more', async () => {
    const streamId = await room.startId(clients.bob);
    await pushOf(clients.cay, streamId);
    let offset = 0;
    const say = async (text: string): Promise<void> => {
      offset = Number((await room.append(clients.bob, streamId, offset, text))['length']);
    };
    const saying = (async () => {
      for (let word = 0; word < 100; word += 1) await say(`before${word} `);
    })();
    await pushOf(clients.cay, streamId);
    await request('ann', 'room.remove', { userId: ids.cay });
    await clients.cay.next('room.removed', (data) => data['roomId'] === room.roomId);
    const heard = clients.cay.waiting('message.stream').length;
    await saying;
    await say('the secret');
    await room.end(clients.bob, streamId, offset);
    await follow(clients.ann, streamId);
    await clients.cay.request('auth.whoami');
    expect(clients.cay.waiting('message.stream')).toHaveLength(heard);
    expect(await failureOf(room.get(clients.cay, streamId))).toEqual({ code: 'NOT_FOUND' });
  });
});

describe('open streams', () => {
  it('are four of one user in a room, and sixteen of all', async () => {
    const channel = await created({ kind: 'channel' });
    const tooMany = { code: 'RATE_LIMITED' };
    for (const name of ['ann', 'bob', 'cay', 'eve'] as const) {
      if (name !== 'ann') await clients[name].request('room.join', { roomId: channel.roomId });
      for (let nth = 0; nth < 4; nth += 1) await channel.start(clients[name]);
      expect(await failureOf(channel.start(clients[name]))).toEqual(tooMany);
    }
    const dan = await server.connect('dan');
    await dan.request('room.join', { roomId: channel.roomId });
    expect(await failureOf(channel.start(dan))).toEqual(tooMany);
    const streams = await channel.list(dan);
    expect(streams).toHaveLength(16);
    await channel.abort(clients.ann, String(streams[0]?.['id']));
    expect(await channel.start(dan)).toMatchObject({ duplicate: false });
  });
});
