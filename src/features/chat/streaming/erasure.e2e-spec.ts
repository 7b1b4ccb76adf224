/* @one-node Looks into the files of the embedded store. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Json, ManualClock, startServer, type TestClient } from '../../../testing/index.js';
import { RoomTalk } from './testing.js';

const env = { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' };
const A_SECOND_MS = 1000;

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-streams-'));
});

afterAll(async () => rm(dataDir, { recursive: true, force: true }));

async function newRoom(ann: TestClient): Promise<RoomTalk> {
  const { room } = await ann.request('room.create', { kind: 'group' });
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

it('leaves no aborted stream and nothing that a deleted message grew from in any file after a clean stop', async () => {
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
