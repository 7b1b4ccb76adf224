import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startProcess,
  startServer,
  type TestClient,
  type TestProcess,
} from '../../src/testing/index.js';

const LONG_AGO = '2020-01-01T00:00:00.000Z';
const MESSAGES = 300;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-retention-'));
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

/** A room of ann whose messages are years old: its head is one more than how many there are. */
async function oldRoom(texts: readonly string[]): Promise<string> {
  const server = await startServer({
    dataDir: join(folder, 'data'),
    clock: new ManualClock(LONG_AGO),
    env: { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' },
  });
  const ann = await server.connect('ann');
  const { room } = await ann.request('room.create', { kind: 'group' });
  const roomId = String((room as Json)['id']);
  await Promise.all(
    texts.map(async (text, n) =>
      ann.request('message.send', {
        roomId,
        text,
        clientId: `retention-${n}`,
        meta: { also: text.slice(0, 13) },
      }),
    ),
  );
  await server.close();
  return roomId;
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestProcess> {
  return await startProcess({ cwd: folder, env: { RETENTION_DAYS: '1', RATE_FRAMES_PER_S: '0', ...env } });
}

const floorOf = async (ann: TestClient, roomId: string): Promise<number> => {
  const { room } = await ann.request('room.get', { roomId });
  return Number((room as Json)['floor']);
};

/** Waits until the service has dropped something more. */
async function untilFloorIsBeyond(ann: TestClient, roomId: string, floor: number): Promise<number> {
  for (;;) {
    const risen = await floorOf(ann, roomId);
    if (risen > floor) return risen;
  }
}

/** What is there begins exactly at the floor, in the log and in the history. */
async function expectWhole(ann: TestClient, roomId: string): Promise<number> {
  const { rooms } = await ann.request('room.sync', { rooms: { [roomId]: 0 }, rest: 'none', limit: 1 });
  const [synced = {}] = rooms as Json[];
  const room = synced['room'] as Json;
  const floor = Number(room['floor']);
  const first = (synced['events'] as Json[]).map(({ seq }) => seq);
  expect([floor, first]).toEqual([floor, floor > Number(room['head']) ? [] : [floor]]);
  const page = await ann.request('message.history', { roomId, after: 0, limit: 1 });
  expect((page['messages'] as Json[]).map(({ seq }) => seq)).toEqual(first);
  return floor;
}

describe('dropping old events', () => {
  it('is whole after a kill in the middle, and goes on at the next start', async () => {
    const roomId = await oldRoom(Array.from({ length: MESSAGES }, (_, n) => `message ${n}`));
    const floors: number[] = [1];
    for (let life = 0; life < 2; life += 1) {
      const service = await start();
      const ann = await service.connect('ann');
      await untilFloorIsBeyond(ann, roomId, floors.at(-1) ?? 1);
      await service.kill('SIGKILL');
      const still = await start({ RETENTION_DAYS: '0' });
      floors.push(await expectWhole(await still.connect('ann'), roomId));
      await still.kill('SIGKILL');
      if (floors.at(-1) === MESSAGES + 2) break;
    }
    expect(floors).toEqual(floors.toSorted((one, other) => one - other));
    expect(floors[1]).toBeGreaterThan(1);
    const service = await start();
    const ann = await service.connect('ann');
    while ((await floorOf(ann, roomId)) < MESSAGES + 2) await ann.request('auth.whoami');
    expect(await expectWhole(ann, roomId)).toBe(MESSAGES + 2);
    await service.kill('SIGTERM');
  }, 120_000);

  it('leaves no word of what was dropped in a file after a clean stop', async () => {
    const words = Array.from({ length: 80 }, (_, n) => `droppedx${String(n).padStart(4, '0')}x`);
    const roomId = await oldRoom(words.map((word, n) => `${word} ${'filler '.repeat(n * 10)}`));
    expect(await filesWith(words[7] ?? '')).not.toEqual([]);
    const service = await start({ RATE_SENDS_PER_S: '0' });
    const ann = await service.connect('ann');
    while ((await floorOf(ann, roomId)) < words.length + 2) await ann.request('auth.whoami');
    await ann.request('message.send', { roomId, text: 'keptx0000x', clientId: 'retention-kept' });
    await service.kill('SIGTERM');
    expect(await filesWith('keptx0000x')).not.toEqual([]);
    const leaks = await Promise.all(
      words.map(async (word) => (await filesWith(word)).map((file) => [word, file])),
    );
    expect(leaks.flat()).toEqual([]);
  }, 60_000);
});

async function filesWith(word: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.map(async (path) => readFile(path)));
  return paths.filter((_, index) => {
    const content = contents[index];
    return content?.includes(word) === true || content?.includes(Buffer.from(word, 'utf16le')) === true;
  });
}
