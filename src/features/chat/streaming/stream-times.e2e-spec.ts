import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';
import { STREAM_IDLE_MS, STREAM_KEPT_MS, STREAM_LIFE_MS } from '../log/index.js';
import { failureOf, freshId, RoomTalk } from './testing.js';

const SLOW_MS = 20_000;

let clock: ManualClock;
let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let room: RoomTalk;

beforeAll(async () => {
  clock = new ManualClock();
  server = await startServer({
    clock,
    env: {
      RATE_FRAMES_PER_S: '0',
      RATE_SENDS_PER_S: '0',
      ACCESS_TOKEN_TTL: '864000',
      HEARTBEAT_MS: '86400000',
    },
  });
  [ann, bob] = await Promise.all([server.connect('ann'), server.connect('bob')]);
});

afterAll(async () => server.close(), 60_000);

beforeEach(async () => {
  const memberIds = [(await server.user('bob')).id];
  const { room: created } = await ann.request('room.create', { kind: 'group', memberIds });
  room = new RoomTalk(String((created as Json)['id']));
});

/** Lets time pass until the stream is closed, and gives what its members were told last. */
async function closed(streamId: string): Promise<Json> {
  let told: Json | undefined;
  void bob
    .next('message.stream', (data) => data['streamId'] === streamId && data['state'] !== 'open', SLOW_MS)
    .then((push) => (told = push));
  for (;;) {
    if (told !== undefined) return told;
    await clock.advance(1000);
    await bob.request('auth.whoami');
  }
}

/** Lets wall time pass at once, but for the last moments, in which those who look after streams do so. */
async function pass(ms: number): Promise<void> {
  clock.jump(ms - 1000);
  await clock.advance(1000);
  await ann.request('auth.whoami');
}

describe('an abandoned stream', () => {
  it('is open until nothing was said for a minute', async () => {
    const streamId = await room.said(ann, 'and so');
    await pass(STREAM_IDLE_MS - 2000);
    expect(await room.list(bob)).toHaveLength(1);
    expect(await room.append(ann, streamId, 6, '')).toEqual({ length: 6 });
    await pass(STREAM_IDLE_MS - 2000);
    expect(await room.append(ann, streamId, 6, ' on')).toEqual({ length: 9 });
    await pass(STREAM_IDLE_MS - 2000);
    expect(await room.list(bob)).toHaveLength(1);
    expect(await closed(streamId)).toMatchObject({ state: 'ended', seq: 3 });
  }, 60_000);

  it('becomes a message of what was said', async () => {
    const clientId = freshId();
    const streamId = await room.said(ann, 'half a sen', { clientId });
    expect(await closed(streamId)).toMatchObject({ state: 'ended', seq: 3 });
    const message = await room.newest(bob);
    expect(message).toMatchObject({ id: streamId, text: 'half a sen', clientId });
    expect(await room.end(ann, streamId, 10)).toMatchObject({ duplicate: true, message: { seq: 3 } });
    expect(await failureOf(room.append(ann, streamId, 10, 'tence'))).toEqual({ code: 'CONFLICT' });
  }, 60_000);

  it('without a word is nothing', async () => {
    const streamId = await room.startId(ann);
    expect(await closed(streamId)).toMatchObject({ state: 'aborted' });
    expect(await room.newest(bob)).toBeUndefined();
  }, 60_000);
});

describe('a stream', () => {
  it('ends after ten minutes, however much is said', async () => {
    const streamId = await room.startId(ann);
    let offset = 0;
    for (let passed = 0; passed < STREAM_LIFE_MS - 20_000; passed += 20_000) {
      offset = Number((await room.append(ann, streamId, offset, 'more '))['length']);
      await pass(20_000);
    }
    expect(await closed(streamId)).toMatchObject({ state: 'ended' });
    expect((await room.newest(bob))?.['text']).toBe('more '.repeat(offset / 5));
  }, 60_000);

  it('that has ended is known by its id for a day', async () => {
    const streamId = await room.said(ann, 'abc');
    const { message } = await room.end(ann, streamId, 3);
    await pass(STREAM_KEPT_MS - 5000);
    expect(await room.end(ann, streamId, 3)).toEqual({ message, duplicate: true });
    await pass(10_000);
    while ('data' in (await failureOf(room.end(ann, streamId, 3)))) await pass(1000);
    expect(await failureOf(room.end(ann, streamId, 3))).toEqual({ code: 'NOT_FOUND' });
    const { clientId } = message as { clientId: string };
    expect(await room.start(ann, { clientId })).toEqual({ message, duplicate: true });
  }, 60_000);
});
