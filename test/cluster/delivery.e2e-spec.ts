import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Json, TestClient, TestServer } from 'parley/testing';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';
import { connectBy, NodePair } from './node-pair.js';

const bothInstalled = (name: string, cases: () => void): void =>
  describeWith(POSTGRES)(name, () => describeWith(REDIS)('on PostgreSQL and Redis', cases));

bothInstalled('a room with members on two nodes', () => {
  let nodes: NodePair;
  let lastName = 0;
  let ann: TestClient;
  let bob: TestClient;
  let roomId: string;
  let bobId: string;
  let names: { ann: string; bob: string };

  beforeAll(async () => {
    nodes = await NodePair.start();
  }, 60_000);
  afterAll(async () => nodes.stop());

  async function idOf(name: string): Promise<string> {
    return (await nodes.one.user(name)).id;
  }

  async function connect(name: string, node: TestServer): Promise<TestClient> {
    const { accessToken } = await nodes.one.user(name);
    return await connectBy(accessToken, node);
  }

  /** A group of ann, on the one node, and bob, on the other: its head is 2. */
  beforeEach(async () => {
    lastName += 1;
    names = { ann: `ann-${lastName}`, bob: `bob-${lastName}` };
    ann = await connect(names.ann, nodes.one);
    bob = await connect(names.bob, nodes.other);
    bobId = await idOf(names.bob);
    const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
    roomId = room.id as string;
    await bob.next('room.event', isEvent(2));
  });

  afterEach(async () => Promise.all([ann.terminate(), bob.terminate()]));

  const here = (data: Json): boolean => data['roomId'] === roomId;

  function isEvent(seq: number) {
    return (data: Json): boolean => here(data) && data['seq'] === seq;
  }

  let lastId = 0;
  async function send(client: TestClient): Promise<number> {
    const clientId = `client-${(lastId += 1)}-of-many`;
    const { message } = await client.request('message.send', { roomId, text: 'hello', clientId });
    return message.seq as number;
  }

  it("tells a user's devices on both nodes where the user stands, by reading, sending and muting", async () => {
    const seq = await send(ann);
    await bob.next('room.event', isEvent(seq));
    const phone = await connect(names.bob, nodes.one);
    expect(await bob.request('message.read', { roomId, seq })).toMatchObject({ readSeq: seq, unread: 0 });
    expect(await phone.next('room.self', here)).toMatchObject({ readSeq: seq, unread: 0, muted: false });
    const { rooms } = await phone.request('room.list', {});
    expect((rooms as Json[]).find(({ id }) => id === roomId)).toMatchObject({ readSeq: seq, unread: 0 });
    const sent = await send(bob);
    expect(await phone.next('room.self', here)).toMatchObject({ readSeq: sent, unread: 0 });
    await phone.request('room.mute', { roomId });
    expect(await bob.next('room.self', (data) => data['muted'] === true)).toMatchObject({ readSeq: sent });
    await phone.terminate();
  });

  it('shows a reader who goes to the other node what has been read', async () => {
    // A position that is left for the next second's write would be there by chance now and then, not five times.
    for (let round = 0; round < 5; round += 1) {
      const seq = await send(bob);
      await bob.next('room.event', isEvent(seq));
      await ann.request('message.read', { roomId, seq });
      await ann.terminate();
      ann = await connect(names.ann, round % 2 === 0 ? nodes.other : nodes.one);
      const { room } = await ann.request('room.get', { roomId });
      expect(room).toMatchObject({ readSeq: seq, unread: 0 });
    }
  });

  it('tells both nodes the same list of typists, and who has read', async () => {
    await ann.request('room.typing', { roomId, active: true });
    const annId = await idOf(names.ann);
    for (const client of [ann, bob]) {
      expect(await client.next('room.typists', here)).toEqual({ roomId, userIds: [annId] });
    }
    await bob.request('room.typing', { roomId, active: true });
    for (const client of [ann, bob]) {
      expect(await client.next('room.typists', here)).toEqual({ roomId, userIds: [annId, bobId] });
    }
    await ann.request('room.typing', { roomId, active: false });
    for (const client of [ann, bob]) {
      expect(await client.next('room.typists', here)).toEqual({ roomId, userIds: [bobId] });
    }
    const seq = await send(ann);
    await bob.next('room.event', isEvent(seq));
    await bob.request('message.read', { roomId, seq });
    for (const client of [ann, bob]) {
      const reads = [{ userId: bobId, readSeq: seq }];
      expect(await client.next('room.receipt', here)).toEqual({ roomId, reads });
    }
  });

  it('shows members on the other node a message while it is said, and lets its sender go on there', async () => {
    const clientId = `stream-${lastName}-of-ann`;
    const { streamId } = await ann.request('message.stream.start', { roomId, clientId });
    await ann.request('message.stream.append', { roomId, streamId, offset: 0, text: 'so far' });
    await bob.next('message.stream', (data) => data['streamId'] === streamId && data['text'] === 'so far');
    const isKept = async (): Promise<boolean> => {
      const { stream } = await bob.request('message.stream.get', { roomId, streamId });
      return stream.text === 'so far';
    };
    while (!(await isKept()));
    const again = await connect(names.ann, nodes.other);
    const tail = { roomId, streamId, offset: 6, text: ', and on' };
    const { message } = await again.request('message.stream.end', tail);
    expect(message).toMatchObject({ text: 'so far, and on' });
    expect(await ann.next('room.event', isEvent(message.seq as number))).toMatchObject({ type: 'message' });
    await again.terminate();
  });

  it('hears of new names of those in it', async () => {
    await ann.request('user.update', { displayName: 'Ann of one node' });
    expect(await bob.next('user.updated')).toMatchObject({ user: { displayName: 'Ann of one node' } });
  });

  it('aborts what a removed member was saying on the other node', async () => {
    const clientId = `stream-${lastName}-of-bob`;
    const { streamId } = await bob.request('message.stream.start', { roomId, clientId });
    await bob.request('message.stream.append', { roomId, streamId, offset: 0, text: 'secret' });
    await ann.next('message.stream', (data) => data['text'] === 'secret');
    await ann.request('room.remove', { roomId, userId: bobId });
    await ann.next('message.stream', (data) => data['streamId'] === streamId && data['state'] === 'aborted');
    await expect(
      bob.request('message.stream.append', { roomId, streamId, offset: 6, text: ' more' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('shows what the other node has stored to one who syncs at this one', async () => {
    for (let n = 0; n < 3; n += 1) await bob.next('room.event', isEvent(await send(ann)));
    const edited = await ann.request('message.edit', { roomId, seq: 3, text: 'otherwise' });
    const deleted = await ann.request('message.delete', { roomId, seq: 4 });
    expect([edited, deleted]).toBeDefined();
    const { rooms } = await bob.request('room.sync', { rooms: { [roomId]: 2 }, rest: 'none' });
    const [{ events }] = rooms as [{ events: Json[] }];
    expect(events.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7]);
    expect(events[0]).toMatchObject({ message: { text: 'otherwise' } });
    expect(events[1]).toMatchObject({ message: { text: '' } });
  });

  it('tells each member of every event, joining and removal while Redis is away', async () => {
    nodes.redis.process.pause();
    try {
      await nodes.noticed(false);
      const seq = await send(ann);
      expect(await bob.next('room.event', isEvent(seq))).toMatchObject({ type: 'message' });
      await ann.request('message.delete', { roomId, seq });
      const { rooms } = await bob.request('room.sync', { rooms: { [roomId]: 2 }, rest: 'none' });
      expect(JSON.stringify(rooms)).not.toContain('hello');
      await bob.next('room.event', isEvent(seq + 1));
      const { room } = await ann.request('room.create', { kind: 'group', name: 'new', memberIds: [bobId] });
      const isNew = (data: Json): boolean => (data['room'] as Json)['id'] === room.id;
      expect(await bob.next('room.added', isNew)).toMatchObject({ room: { head: 2 } });
      expect(await bob.next('room.event', (data) => data['roomId'] === room.id)).toMatchObject({ seq: 2 });
      await ann.request('room.remove', { roomId, userId: bobId });
      const later = await send(ann);
      await ann.request('room.typing', { roomId, active: true });
      await ann.request('message.read', { roomId, seq: later });
      expect(await bob.next('room.removed', here)).toEqual({ roomId, reason: 'removed' });
      const told = bob.waiting('room.event').filter(({ data }) => here(data as Json));
      expect(told.map(({ data }) => (data as Json)['type'])).toEqual(['member.left']);
    } finally {
      nodes.redis.process.resume();
      await nodes.noticed(true);
    }
  });

  it('tells a removed member of nothing that happens later, on either node', async () => {
    const phone = await connect(names.bob, nodes.one);
    await ann.request('room.remove', { roomId, userId: bobId });
    await ann.request('room.typing', { roomId, active: true });
    const seq = await send(ann);
    await ann.request('message.read', { roomId, seq });
    for (const client of [bob, phone]) {
      await client.next('room.removed', here);
      await client.request('auth.whoami', {});
      const told = [...client.waiting('room.event'), ...client.waiting('room.typists')];
      const later = told
        .map(({ data }) => data as Json)
        .filter((data) => here(data) && data['type'] !== 'member.left');
      expect(later.filter(({ seq: at }) => at === undefined || Number(at) > 3)).toEqual([]);
    }
    await phone.terminate();
  });

  it('goes on from where the data was set back to', async () => {
    for (let n = 0; n < 3; n += 1) await bob.next('room.event', isEvent(await send(ann)));
    await nodes.setBack(roomId, 2);
    await Promise.all([ann.closed, bob.closed]);
    ann = await connect(names.ann, nodes.one);
    bob = await connect(names.bob, nodes.other);
    const { message } = await ann.request('message.send', { roomId, text: 'anew', clientId: 'client-anew' });
    expect(message.seq).toBe(3);
    for (const client of [ann, bob]) {
      expect(await client.next('room.event', here)).toMatchObject({ seq: 3, message: { text: 'anew' } });
    }
  });
});
