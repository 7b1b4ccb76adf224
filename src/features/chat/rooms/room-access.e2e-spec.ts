import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICE, type UserActor } from '../../../realtime/index.js';
import { startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { RoomAccess } from './room-access.js';

let server: TestServer;
let ann: TestClient;
let access: RoomAccess;
let actors: Readonly<Record<'ann' | 'bob' | 'eve', UserActor>>;

beforeAll(async () => {
  server = await startServer();
  ann = await server.connect('ann');
  access = server.get(RoomAccess);
  const users = await Promise.all(['ann', 'bob', 'eve'].map(async (name) => server.user(name)));
  actors = Object.fromEntries(
    users.map(({ username, id }) => [username, { kind: 'user', userId: id, sessionId: null }]),
  ) as typeof actors;
});

afterAll(async () => server.close());

async function room(kind: string): Promise<string> {
  const memberIds = [actors.bob.userId];
  return (await ann.request('room.create', { kind, memberIds }))['room'].id as string;
}

describe('room access', () => {
  it('is as the role in the room', async () => {
    const roomId = await room('group');
    await expect(access.require(actors.bob, roomId)).resolves.toMatchObject({ id: roomId, memberCount: 2 });
    await expect(access.require(actors.ann, roomId, 'owner')).resolves.toMatchObject({ id: roomId });
    await expect(access.require(actors.bob, roomId, 'admin')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is none for a stranger, of whatever room', async () => {
    const error = { code: 'NOT_FOUND', message: 'room not found' };
    for (const roomId of [await room('group'), await room('channel'), 'nowhere']) {
      await expect(access.require(actors.eve, roomId, 'owner')).rejects.toMatchObject(error);
    }
  });

  it('is whole for the service', async () => {
    const roomId = await room('group');
    await expect(access.require(SERVICE, roomId, 'owner')).resolves.toMatchObject({ id: roomId });
    await expect(access.require(SERVICE, 'nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends with the membership', async () => {
    const roomId = await room('group');
    const bob = await server.connect('bob');
    await bob.request('room.leave', { roomId });
    await expect(access.require(actors.bob, roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await access.memberIds(roomId)).toEqual([actors.ann.userId]);
  });

  it('knows who shares a room', async () => {
    await room('channel');
    const all = [actors.ann.userId, actors.bob.userId, actors.eve.userId, 'nobody'];
    expect(await access.sharesRoom(actors.ann.userId, all)).toEqual(new Set(all.slice(0, 2)));
    expect(await access.sharesRoom(actors.eve.userId, all)).toEqual(new Set([actors.eve.userId]));
    expect(await access.sharesRoom(actors.eve.userId, [])).toEqual(new Set());
  });
});
