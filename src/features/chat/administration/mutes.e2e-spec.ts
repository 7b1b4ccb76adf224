import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';

let server: TestServer;
let clock: ManualClock;
let ann: TestClient;
let phone: TestClient;
let eve: TestClient;

beforeAll(async () => {
  clock = new ManualClock();
  server = await startServer({ clock });
  ann = await server.connect('ann');
  phone = await server.connect('ann');
  eve = await server.connect('eve');
});

afterAll(async () => server.close());

async function create(): Promise<string> {
  const { room } = await ann.request('room.create', { kind: 'group', name: 'quiet' });
  return String((room as Json)['id']);
}

const muted = async (roomId: string) =>
  ((await ann.request('room.get', { roomId }))['room'] as Json)['muted'];

const selfOf = async (client: TestClient, roomId: string) =>
  client.next('room.self', (data) => data['roomId'] === roomId);

async function refusal(client: TestClient, request: object): Promise<Json> {
  return await client.request('room.mute', request).then(
    () => ({ code: 'no failure' }),
    (error: { data: Json }) => ({ code: error.data['code'], details: error.data['details'] }),
  );
}

describe('room.mute', () => {
  it('is for ever without a time, and ended by null', async () => {
    const roomId = await create();
    await expect(ann.request('room.mute', { roomId })).resolves.toEqual({});
    expect(await muted(roomId)).toBe(true);
    for (const client of [ann, phone]) {
      expect(await selfOf(client, roomId)).toEqual({
        roomId,
        readSeq: 1,
        unread: 0,
        mentions: 0,
        muted: true,
      });
    }
    await ann.request('room.mute', { roomId, until: null });
    expect(await muted(roomId)).toBe(false);
    expect(await selfOf(phone, roomId)).toMatchObject({ muted: false });
  });

  it('ends by itself at its time', async () => {
    const roomId = await create();
    const until = new Date(clock.now() + 60_000).toISOString();
    await ann.request('room.mute', { roomId, until });
    expect(await muted(roomId)).toBe(until);
    expect(await selfOf(phone, roomId)).toMatchObject({ muted: until });
    await clock.advance(61_000);
    expect(await selfOf(phone, roomId)).toMatchObject({ muted: false });
    expect(await muted(roomId)).toBe(false);
  });

  it('is in the list of rooms, and in what has changed since', async () => {
    const roomId = await create();
    const { since } = await phone.request('room.sync', { since: 'none.0' });
    await ann.request('room.mute', { roomId });
    const { rooms } = await phone.request('room.list');
    expect((rooms as Json[]).find(({ id }) => id === roomId)).toMatchObject({ muted: true });
    const { reads } = await phone.request('room.sync', { since, rest: 'none' });
    expect(reads).toEqual([{ roomId, readSeq: 1, unread: 0, mentions: 0, muted: true }]);
  });

  it('tells nothing when nothing changes', async () => {
    const roomId = await create();
    await ann.request('room.mute', { roomId, until: null });
    await ann.request('room.mute', { roomId });
    await selfOf(phone, roomId);
    await ann.request('room.mute', { roomId });
    await phone.request('auth.whoami');
    expect(phone.waiting('room.self').filter(({ data }) => data['roomId'] === roomId)).toEqual([]);
  });

  it.each([
    ['a time that is over', '2001-01-01T00:00:00Z'],
    ['no time', 'tomorrow'],
    ['a time of another zone', '2999-01-01T00:00:00+01:00'],
    ['a number', 7],
    ['a day that is not', '2999-02-30T00:00:00Z'],
  ])('refuses %s', async (_, until) => {
    const roomId = await create();
    expect(await refusal(ann, { roomId, until })).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: expect.arrayContaining([expect.objectContaining({ path: 'until' })]),
    });
  });

  it('is for members', async () => {
    expect(await refusal(eve, { roomId: await create() })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await refusal(eve, { roomId: 'nowhere' })).toMatchObject({ code: 'NOT_FOUND' });
  });
});
