import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
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
const A_SECOND_MS = 1000;

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

/** What is in all files of the store. */
async function contents(): Promise<Buffer> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(
    await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name)))),
  );
}

/** Whether the word stands there, in either of the encodings that a database may use. */
function holds(content: Buffer, word: string): boolean {
  return content.includes(word) || content.includes(Buffer.from(word, 'utf16le'));
}

const KINDS = ['aborted', 'deleted', 'edited'] as const;
const PARTS = Array.from({ length: 12 }, (_, part) => part);
const PART_LENGTH = 400;

/** A word that stands nowhere else, and that no other word of the test begins with. */
const word = (kind: string, index: number): string => `${kind}x${String(index).padStart(4, '0')}x`;

/** A room with a stream of each kind. */
interface Saga {
  readonly room: RoomTalk;
  readonly ids: Readonly<Record<(typeof KINDS)[number], string>>;
}

async function begin(ann: TestClient, index: number): Promise<Saga> {
  const room = await newRoom(ann);
  const meta = { also: word('metadata', index) };
  const aborted = await room.startId(ann, { meta });
  const deleted = await room.startId(ann, { meta });
  return { room, ids: { aborted, deleted, edited: await room.startId(ann) } };
}

async function tell(ann: TestClient, { room, ids }: Saga, part: number): Promise<void> {
  for (const kind of KINDS) {
    const text = `${word(kind, part)} ${'filler '.repeat(part * 4)}`.padEnd(PART_LENGTH, '.');
    await room.append(ann, ids[kind], part * PART_LENGTH, text);
  }
}

async function takeBack(ann: TestClient, { room: talk, ids }: Saga): Promise<void> {
  const { roomId } = talk;
  await talk.abort(ann, ids.aborted);
  const { message: deleted } = await talk.end(ann, ids.deleted, PARTS.length * PART_LENGTH);
  await ann.request('message.delete', { roomId, seq: deleted.seq });
  const { message: edited } = await talk.end(ann, ids.edited, PARTS.length * PART_LENGTH);
  await ann.request('message.edit', { roomId, seq: edited.seq, text: 'said otherwise' });
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

  it('that was aborted is in no file after a clean stop, nor is what a deleted message grew from', async () => {
    const clock = new ManualClock();
    const server = await startServer({ dataDir, clock, env });
    const ann = await server.connect('ann');
    const sagas: Saga[] = [];
    for (let index = 0; index < 4; index += 1) sagas.push(await begin(ann, index));
    // Each part is written over the ones before, so that the rows move about in the file.
    for (const part of PARTS) {
      for (const saga of sagas) await tell(ann, saga, part);
      await clock.advance(A_SECOND_MS);
      await ann.request('auth.whoami');
    }
    for (const saga of sagas) await takeBack(ann, saga);
    await (await newRoom(ann)).said(ann, word('open', 0));
    await server.close();

    const content = await contents();
    expect(holds(content, word('open', 0))).toBe(true);
    const words = KINDS.flatMap((kind) => PARTS.map((part) => word(kind, part)));
    words.push(...sagas.map((_, index) => word('metadata', index)));
    expect(words.filter((one) => holds(content, one))).toEqual([]);
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
