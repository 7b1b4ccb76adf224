import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';
import { pushOf, RoomTalk } from './testing.js';

const env = { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' };

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-streams-'));
});

afterAll(async () => rm(dataDir, { recursive: true, force: true }));

async function newRoom(ann: TestClient): Promise<RoomTalk> {
  const { room } = await ann.request('room.create', { kind: 'group' });
  await ann.next('room.added', (data) => data['room'].id === (room as Json)['id']);
  return new RoomTalk(String((room as Json)['id']));
}

describe('a stream', () => {
  it('outlasts an orderly restart whole, and goes on', async () => {
    const before = await startServer({ dataDir, env });
    const ann = await before.connect('ann');
    const room = await newRoom(ann);
    const streamId = await room.said(ann, 'said in one life');
    await before.close();

    const after = await startServer({ dataDir, env });
    const again = await after.connect('ann');
    expect(await room.get(again, streamId)).toMatchObject({ text: 'said in one life', length: 16 });
    await room.append(again, streamId, 16, ', and in the next');
    expect(await pushOf(again, streamId)).toMatchObject({ offset: 16, text: ', and in the next' });
    expect((await room.end(again, streamId, 33))['message'].text).toBe('said in one life, and in the next');
    await after.close();
  }, 60_000);
});

describe('in a large room', () => {
  let clock: ManualClock;
  let server: TestServer;

  beforeAll(async () => {
    clock = new ManualClock();
    server = await startServer({ clock, env: { ...env, LARGE_ROOM_MEMBERS: '2' } });
  });

  afterAll(async () => server.close());

  /** How often the room is pushed in this time, while a word is said every tenth of a second. */
  async function pushesIn(tenths: number, names: readonly string[]): Promise<number> {
    const ann = await server.connect('ann');
    const memberIds: string[] = [];
    for (const name of names) memberIds.push((await server.user(name)).id);
    const { room: created } = await ann.request('room.create', { kind: 'group', memberIds });
    const room = new RoomTalk(String((created as Json)['id']));
    const { head } = created as { head: number };
    for (let isThere = false; !isThere; isThere = ann.waiting('room.event').at(-1)?.data['seq'] === head) {
      await clock.advance(100);
      await ann.request('auth.whoami');
    }
    const streamId = await room.startId(ann);
    await pushOf(ann, streamId);
    for (let tenth = 0; tenth < tenths; tenth += 1) {
      await room.append(ann, streamId, tenth, '.');
      await clock.advance(100);
      await ann.request('auth.whoami');
    }
    await room.end(ann, streamId, tenths);
    await pushOf(ann, streamId, 'ended');
    return ann.waiting('message.stream').filter(({ data }) => data['streamId'] === streamId).length;
  }

  it('is pushed once a second', async () => {
    const [small, large] = [await pushesIn(20, ['bob']), await pushesIn(20, ['bob', 'cay', 'dan'])];
    expect(small).toBeGreaterThan(8);
    expect(large).toBeGreaterThanOrEqual(1);
    expect(large).toBeLessThanOrEqual(3);
  }, 60_000);
});
