import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from 'parley/testing';
import { check, type Entry, type History, Recorder } from '../checker/index.js';
import { Traffic } from './traffic.js';

const ROOMS = 20;
const TRIALS_PER_ROOM = 50;
const SENDS_PER_S = 300;
/** Messages that are stored in the room after a removal was answered, before the next trial. */
const SENT_AFTER = 2;

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
/** Of ann's too: requests wait for the sends of their connection. */
let annsDesk: TestClient;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
  [ann, annsDesk, bob] = await Promise.all([
    server.connect('ann'),
    server.connect('ann'),
    server.connect('bob'),
  ]);
});

afterAll(async () => server.close());

interface Victim {
  readonly client: TestClient;
  readonly userId: string;
  readonly roomId: string;
}

/** A channel of ann's that bob is in, and one who comes and goes. */
async function room(recorder: Recorder, index: number): Promise<Victim> {
  const created = await ann.request('room.create', { kind: 'channel', name: `busy ${index}` });
  const roomId = String((created['room'] as Json)['id']);
  await bob.request('room.join', { roomId });
  const client = await server.connect(`victim${index}`);
  const { id: userId } = await server.user(`victim${index}`);
  recorder.attach(client, userId);
  return { client, userId, roomId };
}

/** Joins and is removed, again and again; every other time only once `room.added` has come. */
async function trials({ client, userId, roomId }: Victim, traffic: Traffic): Promise<void> {
  for (let trial = 0; trial < TRIALS_PER_ROOM; trial++) {
    await client.request('room.join', { roomId });
    if (trial % 2 === 0) await client.next('room.added', ({ room }) => (room as Json)['id'] === roomId);
    await annsDesk.request('room.remove', { roomId, userId, ban: trial % 5 === 0 });
    await traffic.more(roomId, SENT_AFTER);
    if (trial % 5 === 0) await annsDesk.request('room.unban', { roomId, userId });
  }
}

/** How many memberships the victims were told of, from `room.added` to `room.removed`. */
function toldOf({ entries }: History): number {
  return entries.filter(({ kind }: Entry) => kind === 'removed').length;
}

describe('removals that race sends (T32)', () => {
  it('are the last that the removed users learn of their rooms, and joins miss nothing', async () => {
    const recorder = new Recorder();
    const victims = await Promise.all(
      Array.from({ length: ROOMS }, async (_, index) => room(recorder, index)),
    );
    const roomIds = victims.map(({ roomId }) => roomId);
    recorder.attach(bob, (await server.user('bob')).id, await headsOf(bob));
    const traffic = new Traffic(recorder, [ann, bob], roomIds, SENDS_PER_S);
    try {
      await Promise.all(victims.map(async (victim) => trials(victim, traffic)));
    } finally {
      await traffic.stop();
    }
    await Promise.all(
      [bob, ...victims.map(({ client }) => client)].map(async (one) => one.expectSilence('none')),
    );
    const history = await recorder.history(ann, roomIds);
    expect(check(history)).toEqual([]);
    // A membership that is over before its `room.added` could be made may leave no trace: half of them cannot be.
    expect(toldOf(history)).toBeGreaterThanOrEqual((ROOMS * TRIALS_PER_ROOM) / 2);
    for (const roomId of roomIds)
      expect(traffic.storedIn(roomId)).toBeGreaterThanOrEqual(TRIALS_PER_ROOM * SENT_AFTER);
  }, 280_000);
});

async function headsOf(client: TestClient): Promise<Record<string, number>> {
  const { rooms } = await client.request('room.list', { limit: 100 });
  return Object.fromEntries((rooms as Json[]).map((one) => [String(one['id']), Number(one['head'])]));
}
