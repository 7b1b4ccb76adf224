import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json, TestClient, TestTarget } from 'parley/testing';
import { isCluster } from '../support/one-node.js';
import { codeOf, createRoom, ISO_TIME, say, serve, type Service } from './contract.js';

/** Rooms of more than this are large. */
const LARGE = 5;
const OTHERS = 12;

interface User {
  readonly id: string;
  readonly client: TestClient;
}

async function userOf(target: TestTarget, name: string): Promise<User> {
  return { client: await target.connect(name), id: (await target.user(name)).id };
}

const usersOf = async (target: TestTarget, prefix: string, count: number): Promise<User[]> =>
  Promise.all(Array.from({ length: count }, async (_, index) => userOf(target, `${prefix}${index}`)));

/** A channel of an owner and of as many others as make it large. */
async function largeChannel([owner, ...others]: readonly User[]): Promise<string> {
  const memberIds = others.map(({ id }) => id);
  const { id } = await createRoom(owner?.client as TestClient, { kind: 'channel', memberIds });
  return String(id);
}

function eventsOf(client: TestClient, roomId: string): Json[] {
  const events = client.waiting('room.event').map(({ data }) => data);
  return events.filter((data) => data['roomId'] === roomId);
}

describe('a large room', () => {
  let service: Service;
  let target: TestTarget;
  let first: User[];
  let others: User[];
  let owner: User;

  beforeAll(async () => {
    service = await serve({
      LARGE_ROOM_MEMBERS: String(LARGE),
      MAX_ROOM_MEMBERS: String(LARGE + 1 + OTHERS),
    });
    target = service.process;
    first = await usersOf(target, 'first', LARGE + 1);
    others = await usersOf(target, 'other', OTHERS);
    owner = first[0] as User;
  });
  afterAll(() => service.stop());

  it('tells of many joins by few events, and of each join once (T47)', async () => {
    const roomId = await largeChannel(first);
    const answers = await Promise.all(
      others.map(async ({ client }) => client.request('room.join', { roomId })),
    );
    const last = await say(owner.client, roomId, 'welcome');
    await owner.client.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === last['seq']);
    const gathered = eventsOf(owner.client, roomId).slice(first.length);
    // Each node gathers by itself.
    expect(gathered.length).toBeLessThan(isCluster ? OTHERS : OTHERS / 2);
    for (const event of gathered) {
      expect(event).toEqual({
        roomId,
        seq: expect.any(Number),
        type: 'members.changed',
        actorId: null,
        at: expect.stringMatching(ISO_TIME),
        joined: expect.any(Array),
        left: [],
        memberCount: expect.any(Number),
      });
    }
    const joined = gathered.flatMap((event) => event['joined'] as string[]);
    expect(joined.toSorted()).toEqual(others.map(({ id }) => id).toSorted());
    expect(gathered.at(-1)?.['memberCount']).toBe(LARGE + 1 + OTHERS);
    for (const { room } of answers) expect(room).toMatchObject({ role: 'member', unread: 0 });
    for (const { id, client } of others) await expectOwnBeginning(client, id, roomId);
  });

  /** The room first, then the event that names the user, and from there on every event. */
  async function expectOwnBeginning(client: TestClient, userId: string, roomId: string): Promise<void> {
    await client.expectSilence('none');
    const frames = client.waiting().filter(({ data }) => (data['roomId'] ?? data['room']?.id) === roomId);
    const [added, ...events] = frames;
    expect(added?.event).toBe('room.added');
    const head = Number(added?.data['room'].head);
    expect(events[0]?.data['joined']).toContain(userId);
    expect(events.map(({ data }) => data['seq'])).toEqual(events.map((_, index) => head + index));
    const { room } = await client.request('room.get', { roomId });
    expect(room).toMatchObject({ readSeq: head, unread: 1 });
  }

  it('ends a membership with the event that names the user, and a removal with one of its own', async () => {
    const roomId = await largeChannel(first);
    const [, leaver, removed] = first as [User, User, User];
    const [one, two] = others as [User, User];
    for (const { client } of [one, two]) await client.request('room.join', { roomId });
    await leaver.client.request('room.leave', { roomId });
    await owner.client.request('room.remove', { roomId, userId: removed.id });
    await say(owner.client, roomId, 'behind their backs');
    for (const { client } of [leaver, removed]) await client.expectSilence('none');
    const lastOf = ({ client }: User) => eventsOf(client, roomId).at(-1);
    expect(lastOf(leaver)).toMatchObject({ type: 'members.changed', left: [leaver.id] });
    expect(lastOf(removed)).toMatchObject({
      type: 'member.left',
      userId: removed.id,
      actorId: owner.id,
    });
    const isHere = (data: Json): boolean => data['roomId'] === roomId;
    expect(await leaver.client.next('room.removed', isHere)).toEqual({ roomId, reason: 'left' });
    expect(await removed.client.next('room.removed', isHere)).toEqual({ roomId, reason: 'removed' });
  });

  it('is told of no reads and of few typists (T47)', async () => {
    const roomId = await largeChannel([...first, ...others.slice(1)]);
    const { seq } = await say(owner.client, roomId, 'who reads this?');
    const readers = [...first.slice(1), ...others.slice(1)];
    await Promise.all(
      readers.map(async ({ client }) => {
        await client.request('message.read', { roomId, seq });
        await client.request('room.typing', { roomId, active: true });
      }),
    );
    await untilReceipts(owner.client, { roomId, seq }, readers.length);
    const isHere = (data: Json): boolean => data['roomId'] === roomId;
    const lists = [
      await owner.client.next('room.typists', isHere),
      await owner.client.next('room.typists', isHere),
    ];
    for (const list of lists) expect(list['userIds'].length).toBeLessThanOrEqual(5);
    await owner.client.expectSilence('room.typists');
    await owner.client.expectSilence('room.receipt');
  });

  it('takes in nobody more than it may have (T47)', async () => {
    const roomId = await largeChannel([...first, ...others]);
    const [late] = await usersOf(target, 'late', 1);
    expect(await codeOf(late?.client as TestClient, 'room.join', { roomId })).toBe('FORBIDDEN');
    expect(await codeOf(owner.client, 'room.add', { roomId, userIds: [late?.id] })).toBe('FORBIDDEN');
    await others[0]?.client.request('room.leave', { roomId });
    await expect(late?.client.request('room.join', { roomId })).resolves.toMatchObject({
      room: { memberCount: LARGE + 1 + OTHERS },
    });
  });
});

/** On one node at once; what was read by another node is known when it is written. */
async function untilReceipts(client: TestClient, message: object, count: number): Promise<void> {
  let receipts = await client.request('message.receipts', message);
  while (isCluster && receipts['count'] !== count) {
    receipts = await client.request('message.receipts', message);
  }
  expect(receipts).toMatchObject({ count });
}

/** A pong says that what was sent before its ping has been read; a waiting join keeps back all other answers. */
async function pongOf({ ws }: TestClient): Promise<void> {
  const pong = once(ws, 'pong');
  ws.ping();
  await pong;
}

describe('SIGTERM', () => {
  it('stores and answers the joins that are being gathered', async () => {
    const service = await serve({ LARGE_ROOM_MEMBERS: '1', DRAIN_MS: '1000' });
    const users = await usersOf(service.process, 'user', 6);
    const roomId = await largeChannel(users.slice(0, 2));
    await users[2]?.client.request('room.join', { roomId });
    const joins = users.slice(3).map(async ({ client }) => client.request('room.join', { roomId }));
    await Promise.all(users.slice(3).map(async ({ client }) => pongOf(client)));
    const exit = service.process.kill('SIGTERM');
    for (const join of joins) expect(await join).toMatchObject({ room: { role: 'member' } });
    expect(await exit).toEqual({ code: 0, signal: null });
    const again = await serve({}, service.folder);
    const owner = await again.process.connect('user0');
    expect(await owner.request('room.get', { roomId })).toMatchObject({ room: { memberCount: 6 } });
    await again.stop();
  }, 60_000);
});
