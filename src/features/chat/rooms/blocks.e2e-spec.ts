import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  RequestFailed,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';

let server: TestServer;
let sent = 0;

const idOf = (client: TestClient): string => String((client.ready['user'] as Json)['id']);

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
}, 30_000);
afterAll(async () => server.close());

async function direct(client: TestClient, other: TestClient): Promise<Json> {
  const { room } = await client.request('room.create', { kind: 'direct', memberIds: [idOf(other)] });
  return room as Json;
}

async function send(client: TestClient, room: Json): Promise<Json> {
  sent += 1;
  return await client.request('message.send', {
    roomId: room['id'],
    text: 'hi',
    clientId: `blocked-${sent}`,
  });
}

async function codeOf(request: Promise<unknown>): Promise<string> {
  const failure = await request.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestFailed);
  return (failure as RequestFailed).code;
}

describe('a blocked user', () => {
  it('cannot open a direct room with the blocker, and can again once unblocked', async () => {
    const [ann, eve] = [await server.connect('open-ann'), await server.connect('open-eve')];
    await ann.request('user.block', { userId: idOf(eve) });
    expect(await codeOf(direct(eve, ann))).toBe('FORBIDDEN');
    await ann.expectSilence('room.added');
    await ann.request('user.unblock', { userId: idOf(eve) });
    expect(await direct(eve, ann)).toMatchObject({ kind: 'direct', memberCount: 2 });
  });

  it('keeps the direct room there is, reads it, and cannot send in it', async () => {
    const [ann, eve] = [await server.connect('send-ann'), await server.connect('send-eve')];
    const room = await direct(eve, ann);
    await send(eve, room);
    await ann.request('user.block', { userId: idOf(eve) });
    expect(await codeOf(send(eve, room))).toBe('FORBIDDEN');
    expect(await direct(eve, ann)).toMatchObject({ id: room['id'], head: 3 });
    const { message } = await send(ann, room);
    expect(await eve.next('room.event', ({ seq }) => seq === 4)).toMatchObject({ message: message as Json });
    await ann.request('user.unblock', { userId: idOf(eve) });
    expect(await send(eve, room)).toMatchObject({ message: { seq: 5 } });
  });

  it('has nothing stored once the block is answered, however many sends race it', async () => {
    const [ann, eve] = [await server.connect('race-ann'), await server.connect('race-eve')];
    const room = await direct(eve, ann);
    for (let round = 0; round < 20; round += 1) {
      const before = Array.from({ length: 5 }, async () => send(eve, room).catch(() => undefined));
      await ann.request('user.block', { userId: idOf(eve) });
      const after = await Promise.all(Array.from({ length: 5 }, async () => codeOf(send(eve, room))));
      expect(after).toEqual(Array(5).fill('FORBIDDEN'));
      await Promise.all(before);
      await ann.request('user.unblock', { userId: idOf(eve) });
    }
  });

  it('brings the blocker into no room, neither by room.create nor by room.add', async () => {
    const [ann, ben, eve] = await Promise.all(
      ['bring-ann', 'bring-ben', 'bring-eve'].map(async (name) => server.connect(name)),
    );
    if (!ann || !ben || !eve) throw new Error('somebody is missing');
    await ann.request('user.block', { userId: idOf(eve) });
    const memberIds = [idOf(ann), idOf(ben)];
    for (const kind of ['group', 'channel']) {
      const { room } = await eve.request('room.create', { kind, name: 'ours', memberIds });
      const { id: roomId, memberCount } = room as Json;
      expect(memberCount).toBe(2);
      expect(await eve.request('room.add', { roomId, userIds: memberIds })).toEqual({ added: [] });
    }
    await ann.expectSilence('room.added');
    const { room } = await ben.request('room.create', { kind: 'group', memberIds: [idOf(eve)] });
    const added = await ben.request('room.add', { roomId: (room as Json)['id'], userIds: [idOf(ann)] });
    expect(added).toEqual({ added: [idOf(ann)] });
    expect(await send(eve, room as Json)).toMatchObject({ duplicate: false });
  });
});
