import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let cay: TestClient;
let eve: TestClient;
let ids: Record<string, string>;
let roomId: string;
let lastId = 0;

beforeAll(async () => {
  server = await startServer({ env: { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' } });
  const names = ['ann', 'bob', 'cay', 'eve'] as const;
  const clients = await Promise.all(names.map(async (name) => server.connect(name)));
  [ann, bob, cay, eve] = clients as [TestClient, TestClient, TestClient, TestClient];
  ids = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await server.user(name)).id] as const)),
  );
});

afterAll(async () => server.close());

/** A group of ann, bob and cay: its head is 3. */
beforeEach(async () => {
  const memberIds = [ids['bob'], ids['cay']];
  const { room } = await ann.request('room.create', { kind: 'group', memberIds });
  roomId = room.id;
  for (const client of [ann, bob, cay]) await client.next('room.added', (data) => data['room'].id === roomId);
});

async function send(values: object = {}, client: TestClient = ann): Promise<number> {
  const clientId = `client-${++lastId}`;
  const { message } = await client.request('message.send', { roomId, text: 'hello', clientId, ...values });
  return message.seq;
}

async function read(client: TestClient, seq: number, values: object = {}): Promise<Json> {
  return await client.request('message.read', { roomId, seq, ...values });
}

async function receipts(seq: number, client: TestClient = ann): Promise<Json> {
  return await client.request('message.receipts', { roomId, seq });
}

/** What is told of the receipts once so many have read: what another node was told is there when it has stored it. */
async function receiptsOf(count: number, seq: number, client?: TestClient): Promise<Json> {
  for (;;) {
    const answer = await receipts(seq, client);
    if (answer['count'] >= count) return answer;
    await delay(50);
  }
}

async function receipt(client: TestClient): Promise<Json> {
  return await client.next('room.receipt', (data) => data['roomId'] === roomId);
}

const isHere = (data: Json): boolean => data['roomId'] === roomId;

async function failure(request: Promise<unknown>): Promise<unknown> {
  return await request.then(
    () => 'no failure',
    ({ code, details }: { code: string; details: { path: string }[] }) =>
      details.length === 0 ? code : [code, ...new Set(details.map(({ path }) => path))],
  );
}

describe('message.read in a thread', () => {
  it('counts its replies and its mentions, apart from the room', async () => {
    const root = await send();
    const [one, two, three] = [
      await send({ threadSeq: root }),
      await send({ threadSeq: root, text: 'and @bob' }),
      await send({ threadSeq: root, text: '@bob again' }),
    ] as const;
    await send({ text: 'in the room, @bob' });
    expect(await read(bob, one, { threadSeq: root })).toEqual({ readSeq: one, unread: 2, mentions: 2 });
    expect(await read(bob, two, { threadSeq: root })).toEqual({ readSeq: two, unread: 1, mentions: 1 });
    expect(await read(bob, one, { threadSeq: root })).toEqual({ readSeq: two, unread: 1, mentions: 1 });
    expect(await bob.request('room.get', { roomId })).toMatchObject({
      room: { readSeq: 2, unread: 2, mentions: 3 },
    });
    await ann.request('message.delete', { roomId, seq: three });
    expect(await read(bob, two, { threadSeq: root })).toEqual({ readSeq: two, unread: 1, mentions: 0 });
    expect(await read(bob, 1_000_000, { threadSeq: root })).toEqual({ readSeq: 9, unread: 0, mentions: 0 });
  });

  it("tells the caller's other devices, and nobody else", async () => {
    const root = await send();
    const reply = await send({ threadSeq: root });
    const phone = await server.connect('bob');
    await read(bob, reply, { threadSeq: root });
    expect(await phone.next('room.self', isHere)).toEqual({
      roomId,
      threadSeq: root,
      readSeq: reply,
      unread: 0,
      mentions: 0,
      muted: false,
    });
    await read(bob, reply, { threadSeq: root });
    await phone.expectSilence('room.self');
    await ann.expectSilence('room.receipt');
  });

  it('moves with the own reply, and outlasts a restart of the counting', async () => {
    const root = await send();
    await send({ threadSeq: root });
    const own = await send({ threadSeq: root }, bob);
    await send({ threadSeq: root });
    expect(await read(bob, 1, { threadSeq: root })).toEqual({ readSeq: own, unread: 1, mentions: 0 });
  });

  it('begins anew for one who comes back', async () => {
    const root = await send();
    await send({ threadSeq: root });
    await bob.request('room.leave', { roomId });
    await ann.request('room.add', { roomId, userIds: [ids['bob']] });
    const later = await send({ threadSeq: root });
    const { head } = await bob.request('message.get', { roomId, seq: later });
    expect(head).toBe(later);
    expect(await read(bob, 1, { threadSeq: root })).toEqual({ readSeq: later - 1, unread: 1, mentions: 0 });
  });

  it('refuses what is no thread', async () => {
    const root = await send();
    const reply = await send({ threadSeq: root });
    for (const threadSeq of [1, 99, reply, 0, '4', null]) {
      const outcome = await failure(bob.request('message.read', { roomId, seq: reply, threadSeq }));
      expect([threadSeq, outcome]).toEqual([threadSeq, ['VALIDATION_FAILED', 'threadSeq']]);
    }
    const outsider = eve.request('message.read', { roomId, seq: reply, threadSeq: root });
    expect(await failure(outsider)).toBe('NOT_FOUND');
  });
});

describe('sending', () => {
  it("moves the sender's position on the other devices", async () => {
    await send();
    const phone = await server.connect('bob');
    const seq = await send({}, bob);
    const position = { roomId, readSeq: seq, unread: 0, mentions: 0, muted: false };
    expect(await phone.next('room.self', isHere)).toEqual(position);
  });
});

describe('room.receipt', () => {
  it('tells everyone who read, at once and then once a second', async () => {
    const [one, two] = [await send(), await send()];
    await read(bob, one);
    expect(await receipt(ann)).toEqual({ roomId, reads: [{ userId: ids['bob'], readSeq: one }] });
    const startedAt = performance.now();
    await read(cay, one);
    await read(bob, two);
    const told = [...(await receipt(ann))['reads']];
    expect(performance.now() - startedAt).toBeGreaterThan(500);
    // What another node has gathered meanwhile may come a second later.
    while (told.length < 2) told.push(...(await receipt(ann))['reads']);
    expect(told).toEqual([
      { userId: ids['cay'], readSeq: one },
      { userId: ids['bob'], readSeq: two },
    ]);
    expect(await receipt(cay)).toMatchObject({ reads: [{ userId: ids['bob'] }] });
  });

  it('is not sent for sending, nor for what was read before', async () => {
    const seq = await send();
    await send({}, bob);
    expect(await read(bob, seq)).toMatchObject({ readSeq: seq + 1 });
    await ann.expectSilence('room.receipt');
  });
});

describe('message.receipts', () => {
  it('names who has read, but not the sender', async () => {
    const [one, two] = [await send(), await send()];
    expect(await receipts(one)).toEqual({ count: 0, readBy: [], nextCursor: null });
    await read(bob, one);
    await read(cay, two);
    await read(ann, two);
    expect(await receiptsOf(2, one)).toEqual({
      count: 2,
      readBy: [ids['bob'], ids['cay']],
      nextCursor: null,
    });
    expect(await receiptsOf(1, two, bob)).toEqual({ count: 1, readBy: [ids['cay']], nextCursor: null });
  });

  it('takes a send for a read', async () => {
    const seq = await send();
    await send({}, bob);
    expect(await receipts(seq)).toMatchObject({ count: 1, readBy: [ids['bob']] });
  });

  it('leaves out who was not there, or no longer is', async () => {
    const seq = await send();
    await read(bob, seq);
    await ann.request('room.add', { roomId, userIds: [ids['eve']] });
    expect(await receiptsOf(1, seq)).toMatchObject({ count: 1, readBy: [ids['bob']] });
    await bob.request('room.leave', { roomId });
    expect(await receipts(seq)).toMatchObject({ count: 0, readBy: [] });
  });

  it('counts for a reply who has read its thread', async () => {
    const root = await send();
    const reply = await send({ threadSeq: root });
    await read(bob, reply, { threadSeq: root });
    expect(await receiptsOf(1, reply)).toMatchObject({ readBy: [ids['bob']] });
    expect(await receipts(root)).toMatchObject({ readBy: [] });
  });

  it('stays after a deletion', async () => {
    const seq = await send();
    await read(bob, seq);
    await ann.request('message.delete', { roomId, seq });
    expect(await receiptsOf(1, seq)).toMatchObject({ readBy: [ids['bob']] });
  });

  it('is for members, and for messages', async () => {
    const seq = await send();
    expect(await failure(receipts(seq, eve))).toBe('NOT_FOUND');
    expect(await failure(receipts(1))).toBe('NOT_FOUND');
    expect(await failure(receipts(99))).toBe('NOT_FOUND');
    for (const cursor of ['x', '', Buffer.from('[1]').toString('base64url')]) {
      const outcome = await failure(ann.request('message.receipts', { roomId, seq, cursor }));
      expect(outcome).toEqual(['VALIDATION_FAILED', 'cursor']);
    }
    for (const wrong of [0, '3', undefined]) {
      const outcome = await failure(ann.request('message.receipts', { roomId, seq: wrong }));
      expect(outcome).toEqual(['VALIDATION_FAILED', 'seq']);
    }
  });
});
