import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let eve: TestClient;
let [annId, bobId] = ['', ''];
let roomId: string;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0' } });
  [ann, bob, eve] = await Promise.all([server.connect('ann'), server.connect('bob'), server.connect('eve')]);
  [annId, bobId] = [(await server.user('ann')).id, (await server.user('bob')).id];
});

afterAll(async () => server.close());

beforeEach(async () => {
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  roomId = room.id;
  for (const client of [ann, bob]) await client.next('room.added', (data) => data['room'].id === roomId);
});

async function type(client: TestClient, active: boolean): Promise<Json> {
  return await client.request('room.typing', { roomId, active });
}

/** The next list that this client is pushed. */
async function typists(client: TestClient, timeoutMs?: number): Promise<unknown> {
  const { userIds } = await client.next('room.typists', (data) => data['roomId'] === roomId, timeoutMs);
  return userIds;
}

async function failure(request: Promise<unknown>): Promise<unknown> {
  return await request.then(
    () => 'no failure',
    ({ code, details }: { code: string; details: { path: string }[] }) =>
      details.length === 0 ? code : [code, ...new Set(details.map(({ path }) => path))],
  );
}

describe('room.typing', () => {
  it('tells every member who is typing, all of them each time', async () => {
    expect(await type(ann, true)).toEqual({});
    for (const client of [ann, bob]) expect(await typists(client)).toEqual([annId]);
    await type(bob, true);
    for (const client of [ann, bob]) expect(await typists(client)).toEqual([annId, bobId]);
    await type(ann, false);
    for (const client of [ann, bob]) expect(await typists(client)).toEqual([bobId]);
    await type(bob, false);
    for (const client of [ann, bob]) expect(await typists(client)).toEqual([]);
  });

  it('says nothing that the room knows', async () => {
    await type(ann, false);
    await type(ann, true);
    expect(await typists(bob)).toEqual([annId]);
    await type(ann, true);
    await bob.expectSilence('room.typists');
  });

  it('ends by itself', async () => {
    await type(ann, true);
    const startedAt = performance.now();
    expect(await typists(bob)).toEqual([annId]);
    expect(await typists(bob, 8000)).toEqual([]);
    expect(performance.now() - startedAt).toBeGreaterThan(5900);
  });

  it('ends with the membership', async () => {
    await type(bob, true);
    expect(await typists(ann)).toEqual([bobId]);
    await bob.request('room.leave', { roomId });
    expect(await typists(ann)).toEqual([]);
    await type(ann, true);
    expect(await typists(ann)).toEqual([annId]);
    await bob.next('room.removed', (data) => data['roomId'] === roomId);
    const heard = bob.waiting('room.typists').filter(({ data }) => data['roomId'] === roomId);
    expect(heard.map(({ data }) => data['userIds'])).toEqual([[bobId]]);
  });

  it('is for members', async () => {
    expect(await failure(type(eve, true))).toBe('NOT_FOUND');
    await bob.request('room.leave', { roomId });
    expect(await failure(type(bob, true))).toBe('NOT_FOUND');
    const { room } = await ann.request('room.create', { kind: 'channel' });
    roomId = room.id;
    expect(await failure(type(eve, true))).toBe('NOT_FOUND');
    roomId = 'nowhere';
    expect(await failure(type(ann, true))).toBe('NOT_FOUND');
  });

  it.each([undefined, 'yes', 1, null])('refuses to be %j', async (active) => {
    const outcome = await failure(ann.request('room.typing', { roomId, active }));
    expect(outcome).toEqual(['VALIDATION_FAILED', 'active']);
  });
});
