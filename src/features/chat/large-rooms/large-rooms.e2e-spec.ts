import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';
import { LargeRooms } from './large-rooms.js';

const NAMES = ['ann', 'bob', 'cay', 'dan', 'eve', 'flo', 'gil', 'hal'] as const;
type Name = (typeof NAMES)[number];

const clock = new ManualClock();
let server: TestServer;
let client: Record<Name, TestClient>;
let id: Record<Name, string>;
let roomId: string;
let sent = 0;

/** Rooms of more than three members are large. */
beforeAll(async () => {
  server = await startServer({
    clock,
    env: {
      LARGE_ROOM_MEMBERS: '3',
      MAX_ROOM_MEMBERS: '8',
      HEARTBEAT_MS: '86400000',
      ACCESS_TOKEN_TTL: '8640000',
      RATE_FRAMES_PER_S: '0',
      RATE_SENDS_PER_S: '0',
      PRESENCE_GRACE_MS: '0',
    },
  });
  const clients = await Promise.all(NAMES.map(async (name) => server.connect(name)));
  client = Object.fromEntries(NAMES.map((name, index) => [name, clients[index]])) as typeof client;
  const ids = await Promise.all(NAMES.map(async (name) => (await server.user(name)).id));
  id = Object.fromEntries(NAMES.map((name, index) => [name, ids[index]])) as typeof id;
});

afterAll(async () => server.close());

/** A channel of ann, bob, cay and dan: its head is 4, and no second runs in it. */
beforeEach(async () => {
  await clock.advance(10_000);
  const memberIds = [id.bob, id.cay, id.dan];
  roomId = (await client.ann.request('room.create', { kind: 'channel', memberIds }))['room'].id as string;
  for (const name of ['ann', 'bob', 'cay', 'dan'] as const) {
    await client[name].next('room.added', (data) => data['room'].id === roomId);
    await client[name].next('room.event', isAt(4));
  }
});

const isHere = (data: Json): boolean => data['roomId'] === roomId;
const isAt = (seq: number) => (data: Json) => isHere(data) && data['seq'] === seq;

/** Lets time pass until what is awaited has come. */
async function passing<Result>(awaited: Promise<Result>): Promise<Result> {
  let isDone = false;
  const finish = (): void => void (isDone = true);
  awaited.then(finish, finish);
  while (!isDone) {
    await clock.advance(100);
    await pause(2);
  }
  return await awaited;
}

async function ask(name: Name, event: string, data: object = {}): Promise<Json> {
  return await client[name].request(event, { roomId, ...data });
}

/** The burst has begun: hal has come, by the event 5, and the room's second runs. */
async function begin(): Promise<void> {
  await ask('hal', 'room.join');
}

async function send(name: Name): Promise<number> {
  const { message } = await ask(name, 'message.send', { text: 'hello', clientId: `large-room-${++sent}` });
  return message.seq as number;
}

/** What this user's connection was pushed of the room, oldest first, as far as nobody took it. */
function told(name: Name): unknown[] {
  return client[name]
    .waiting()
    .filter(({ data }) => isHere(data) || data['room']?.id === roomId)
    .map(({ event, data }) => (event === 'room.event' ? [data['seq'], data['type']] : event));
}

describe('joins and leaves of a large room', () => {
  it('reach everyone as one event', async () => {
    await begin();
    const [eve, flo] = [ask('eve', 'room.join'), ask('flo', 'room.join')];
    const [bob, added] = [ask('bob', 'room.leave'), ask('ann', 'room.add', { userIds: [id.gil, id.cay] })];
    const answers = await passing(Promise.all([eve, flo, bob, added]));
    const event = await client.ann.next('room.event', isAt(6));
    expect(event).toEqual({
      roomId,
      seq: 6,
      type: 'members.changed',
      actorId: null,
      at: expect.any(String),
      joined: expect.any(Array),
      left: [id.bob],
      memberCount: 7,
    });
    expect(new Set(event['joined'])).toEqual(new Set([id.eve, id.flo, id.gil]));
    for (const { room } of answers.slice(0, 2)) {
      expect(room).toMatchObject({ head: 6, readSeq: 6, unread: 0, memberCount: 7, role: 'member' });
    }
    expect(answers.slice(2)).toEqual([{}, { added: [id.gil] }]);
    for (const name of ['cay', 'dan', 'hal'] as const) {
      expect(await client[name].next('room.event', isAt(6))).toEqual(event);
    }
  });

  it('stand for the own joining, after room.added, and for the own leaving, before room.removed', async () => {
    await begin();
    const joining = ask('eve', 'room.join');
    await passing(joining);
    await send('ann');
    const leaving = ask('eve', 'room.leave');
    await passing(leaving);
    await send('ann');
    await client.eve.next('room.removed', isHere);
    await client.eve.expectSilence('none');
    const added = await client.eve.next('room.added', (data) => data['room'].id === roomId);
    expect(added).toMatchObject({ room: { head: 6, readSeq: 6 } });
    expect(told('eve')).toEqual([
      [6, 'members.changed'],
      [7, 'message'],
      [8, 'members.changed'],
    ]);
  });

  it('are caught up with by room.sync', async () => {
    await begin();
    await passing(Promise.all([ask('eve', 'room.join'), ask('bob', 'room.leave')]));
    const { rooms } = await client.eve.request('room.sync', { rooms: { [roomId]: 4 }, rest: 'none' });
    expect(rooms).toMatchObject([{ events: [{ joined: [id.hal] }, { joined: [id.eve], left: [id.bob] }] }]);
    const { removed } = await client.bob.request('room.sync', { rooms: { [roomId]: 4 }, rest: 'none' });
    expect(removed).toEqual([roomId]);
  });

  it('leave a removal to an event of its own, and let nothing later through', async () => {
    await begin();
    const joining = ask('eve', 'room.join');
    await ask('ann', 'room.remove', { userId: id.bob });
    await send('ann');
    await passing(joining);
    expect(await client.bob.next('room.removed', isHere)).toEqual({ roomId, reason: 'removed' });
    await client.bob.expectSilence('none');
    expect(told('bob')).toEqual([
      [2, 'member.joined'],
      [3, 'member.joined'],
      [5, 'members.changed'],
      [6, 'member.left'],
    ]);
  });

  it('do not let a banned user in who was waiting', async () => {
    await begin();
    const joining = ask('eve', 'room.join');
    const other = ask('flo', 'room.join');
    await ask('ann', 'room.remove', { userId: id.eve, ban: true });
    await expect(passing(joining)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await other).toMatchObject({ room: { head: 6, memberCount: 6 } });
  });

  it('let its owner hand over with events of their own', async () => {
    await begin();
    await passing(ask('ann', 'room.leave'));
    const events = [
      await client.bob.next('room.event', isAt(6)),
      await client.bob.next('room.event', isAt(7)),
    ];
    expect(events).toMatchObject([
      { type: 'member.role', userId: id.bob, role: 'owner' },
      { type: 'member.left', userId: id.ann },
    ]);
  });

  it('are followed by watches of presence by room', async () => {
    await begin();
    await ask('ann', 'presence.watch');
    await passing(ask('eve', 'room.join'));
    const isOf = (name: Name) => (data: Json) => data['userId'] === id[name];
    expect(await passing(client.ann.next('presence.changed', isOf('eve')))).toMatchObject({
      status: 'online',
    });
    await passing(ask('hal', 'room.leave'));
    await passing(Promise.all([client.hal.request('presence.set', { status: 'dnd' }), clock.advance(500)]));
    await passing(client.ann.request('presence.get', { userIds: [id.hal] }));
    await client.ann.expectSilence('presence.changed');
  });

  it('end where the room is full', async () => {
    await passing(ask('ann', 'room.add', { userIds: [id.eve, id.flo, id.gil, id.hal] }));
    const ivy = await server.connect('ivy');
    await expect(passing(ivy.request('room.join', { roomId }))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await ivy.request('room.get', { roomId })).toMatchObject({ room: { memberCount: 8 } });
  });
});

describe('receipts of a large room', () => {
  it('are not pushed, and are given when asked for', async () => {
    const before = server.get(LargeRooms).spared.receipts;
    const phone = await server.connect('bob');
    const seq = await send('ann');
    await ask('bob', 'message.read', { seq });
    expect(await phone.next('room.self', isHere)).toMatchObject({ readSeq: seq, unread: 0 });
    await clock.advance(2000);
    await client.ann.expectSilence('room.receipt');
    expect(await ask('ann', 'message.receipts', { seq })).toMatchObject({ count: 1, readBy: [id.bob] });
    expect(server.get(LargeRooms).spared.receipts).toBe(before + 1);
  });

  it('are pushed again when it is large no more', async () => {
    await ask('dan', 'room.leave');
    const seq = await send('ann');
    await ask('bob', 'message.read', { seq });
    const reads = [{ userId: id.bob, readSeq: seq }];
    expect(await client.ann.next('room.receipt', isHere)).toEqual({ roomId, reads });
  });
});

describe('typists of a large room', () => {
  it('are told seldom, and five at most', async () => {
    await passing(ask('ann', 'room.add', { userIds: [id.eve, id.flo, id.gil, id.hal] }));
    const typing = ['cay', 'dan', 'eve', 'flo', 'gil', 'hal'] as const;
    await ask('bob', 'room.typing', { active: true });
    expect(await client.ann.next('room.typists', isHere)).toEqual({ roomId, userIds: [id.bob] });
    for (const name of typing) {
      await clock.advance(1);
      await ask(name, 'room.typing', { active: true });
    }
    await ask('bob', 'room.typing', { active: false });
    await clock.advance(2900 - typing.length);
    await client.ann.expectSilence('room.typists');
    await clock.advance(100);
    const userIds = typing.slice(0, 5).map((name) => id[name]);
    expect(await client.ann.next('room.typists', isHere)).toEqual({ roomId, userIds });
    for (const name of typing) await ask(name, 'room.typing', { active: false });
    expect(await passing(client.ann.next('room.typists', isHere))).toEqual({ roomId, userIds: [] });
  });
});

describe('typists of a small room', () => {
  it('are told again when there were 3 ms for each member', async () => {
    const memberIds = [id.bob, id.cay];
    const { room } = await client.ann.request('room.create', { kind: 'group', memberIds });
    roomId = (room as Json)['id'] as string;
    await client.ann.next('room.event', isAt(3));
    await ask('bob', 'room.typing', { active: true });
    expect(await client.ann.next('room.typists', isHere)).toMatchObject({ userIds: [id.bob] });
    await ask('cay', 'room.typing', { active: true });
    await ask('bob', 'room.typing', { active: false });
    await clock.advance(8);
    await client.ann.expectSilence('room.typists');
    await clock.advance(1);
    expect(await client.ann.next('room.typists', isHere)).toMatchObject({ userIds: [id.cay] });
  });
});
