import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { RoomPushes } from '../rooms/index.js';

/** The events of a room that were pushed and not looked at yet. */
const events = (client: TestClient, roomId: string): Json[] =>
  client
    .waiting('room.event')
    .map(({ data }) => data)
    .filter((data) => data['roomId'] === roomId);

const names = (client: TestClient): string[] => client.waiting().map(({ event }) => event);

describe('live delivery', () => {
  let server: TestServer;
  let sent = 0;

  beforeAll(async () => {
    server = await startServer({ env: { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' } });
  });

  afterAll(async () => {
    await server.close();
  });

  async function send(client: TestClient, roomId: string, text = 'hello'): Promise<number> {
    const { message } = await client.request('message.send', {
      roomId,
      text,
      clientId: `stream-send-${(sent += 1)}`,
    });
    return (message as Json)['seq'] as number;
  }

  async function group(owner: TestClient, ...members: TestClient[]): Promise<string> {
    const memberIds = members.map((member) => (member.ready['user'] as Json)['id']);
    const { room } = await owner.request('room.create', { kind: 'group', name: 'garden', memberIds });
    return String((room as Json)['id']);
  }

  it('pushes room.added, then the own join, then everything', async () => {
    const ann = await server.connect('added-ann');
    const bob = await server.connect('added-bob');
    const roomId = await group(ann);
    await bob.expectSilence();
    const bobId = (bob.ready['user'] as Json)['id'];
    await ann.request('room.add', { roomId, userIds: [bobId] });
    const { room } = await bob.next('room.added');
    const joined = await bob.next('room.event');
    expect(joined).toMatchObject({ roomId, type: 'member.joined', userId: bobId });
    expect(room).toMatchObject({ id: roomId, head: joined['seq'], readSeq: joined['seq'], unread: 0 });
    const seq = await send(ann, roomId);
    expect(await bob.next('room.event')).toMatchObject({ seq: Number(joined['seq']) + 1, type: 'message' });
    expect(seq).toBe(Number(joined['seq']) + 1);
  });

  it('pushes to every connection of every member, the sender included', async () => {
    const ann = await server.connect('every-ann');
    const other = await server.connect('every-ann');
    const bob = await server.connect('every-bob');
    const roomId = await group(ann, bob);
    const seq = await send(bob, roomId, 'to all');
    for (const client of [ann, other, bob]) {
      const event = await client.next('room.event', (data) => data['seq'] === seq);
      expect(event).toMatchObject({ roomId, type: 'message', message: { text: 'to all', seq } });
    }
  });

  it('ends with the own leave and room.removed', async () => {
    const ann = await server.connect('leave-ann');
    const bob = await server.connect('leave-bob');
    const second = await server.connect('leave-bob');
    const roomId = await group(ann, bob);
    await bob.request('room.leave', { roomId });
    await send(ann, roomId, 'behind his back');
    for (const client of [bob, second]) {
      expect(await client.next('room.removed')).toEqual({ roomId, reason: 'left' });
      await client.expectSilence('room.removed');
      expect(events(client, roomId).at(-1)).toMatchObject({ type: 'member.left' });
      expect(names(client)).not.toContain('room.removed');
    }
    await ann.next('room.event', (data) => data['type'] === 'message');
  });

  it('gives a membership of a moment to its member in full', async () => {
    const ann = await server.connect('moment-ann');
    const bob = await server.connect('moment-bob');
    for (let round = 0; round < 10; round += 1) {
      const roomId = await group(ann, bob);
      await bob.request('room.leave', { roomId });
      const { room } = await bob.next('room.added');
      expect(room).toMatchObject({ id: roomId });
      expect(await bob.next('room.removed')).toEqual({ roomId, reason: 'left' });
      const pushed = events(bob, roomId);
      expect(pushed[0]).toMatchObject({ type: 'member.joined', seq: (room as Json)['head'] });
      expect(pushed.at(-1)).toMatchObject({ type: 'member.left' });
    }
  });

  it('pushes a state to the members of a room and to nobody else', async () => {
    const ann = await server.connect('state-ann');
    const bob = await server.connect('state-bob');
    const roomId = await group(ann, bob);
    await send(ann, roomId);
    for (const client of [ann, bob]) await client.next('room.event', (data) => data['type'] === 'message');
    const pushes = server.get(RoomPushes);
    await pushes.state(roomId, 'test.state', { roomId, step: 1 });
    for (const client of [ann, bob]) expect(await client.next('test.state')).toEqual({ roomId, step: 1 });
    await bob.request('room.leave', { roomId });
    await pushes.state(roomId, 'test.state', { roomId, step: 2 });
    expect(await ann.next('test.state')).toEqual({ roomId, step: 2 });
    await bob.next('room.removed');
    await bob.expectSilence('test.state');
    await pushes.state('no-such-room', 'test.state', {});
  });

  it('leaves no gap between ready and the first push in a storm of sends', async () => {
    const ann = await server.connect('storm-ann');
    const bob = await server.connect('storm-bob');
    const roomId = await group(ann, bob);
    let isOver = false;
    const storm = (async () => {
      while (!isOver) await Promise.all(Array.from({ length: 5 }, async () => send(ann, roomId)));
    })();
    const clients: TestClient[] = [];
    for (let round = 0; round < 15; round += 1) clients.push(await server.connect('storm-bob'));
    isOver = true;
    await storm;
    const head = await send(ann, roomId, 'the last one');
    for (const client of clients) {
      const synced = await client.request('room.sync', { rooms: { [roomId]: head - 1 }, rest: 'none' });
      expect(synced['rooms']).toHaveLength(1);
      const last = await client.next('room.event', (data) => data['seq'] === head);
      expect(last).toMatchObject({ message: { text: 'the last one' } });
      const seqs = events(client, roomId).map(({ seq }) => Number(seq));
      const first = seqs[0] ?? head;
      expect([...seqs, head]).toEqual(Array.from({ length: head - first + 1 }, (_, index) => first + index));
    }
  });
});
