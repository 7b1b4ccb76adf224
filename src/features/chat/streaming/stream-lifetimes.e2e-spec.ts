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
    const kinds = ['aborted', 'deleted', 'standing', 'metadata'] as const;
    const word = (kind: string, part: number): string => `${kind}x${String(part).padStart(4, '0')}x`;
    const parts = Array.from({ length: 12 }, (_, part) => part);
    const rooms: { room: RoomTalk; ids: string[]; length: number }[] = [];
    for (let count = 0; count < 4; count += 1) {
      const room = await newRoom(ann);
      const ids: string[] = [];
      for (const kind of ['aborted', 'deleted', 'standing']) {
        const meta = kind !== 'standing' && { meta: { also: word('metadata', count) } };
        ids.push(await room.startId(ann, meta || {}));
      }
      rooms.push({ room, ids, length: 0 });
    }
    // Each part is written over the one before, so that the row moves about in the file.
    for (const part of parts) {
      for (const at of rooms) {
        const texts = kinds.slice(0, 3).map((kind) => `${word(kind, part)} ${'filler '.repeat(part * 4)}`);
        for (const [index, text] of texts.entries()) {
          const padded = text.padEnd(400, '.');
          await at.room.append(ann, String(at.ids[index]), at.length, padded);
        }
        at.length += 400;
      }
      await clock.advance(A_SECOND_MS);
      await ann.request('auth.whoami');
    }
    for (const { room, ids, length } of rooms) {
      const [aborted = '', deleted = '', standing = ''] = ids;
      await room.abort(ann, aborted);
      const { message } = await room.end(ann, deleted, length);
      await ann.request('message.delete', { roomId: room.roomId, seq: message.seq });
      await room.end(ann, standing, length);
      const { message: kept } = await ann.request('message.get', {
        roomId: room.roomId,
        seq: message.seq + 2,
      });
      await ann.request('message.edit', { roomId: room.roomId, seq: kept.seq, text: 'edited' });
    }
    const room = await newRoom(ann);
    await room.said(ann, word('open', 0));
    await server.close();

    const content = await contents();
    expect(holds(content, word('open', 0))).toBe(true);
    const words = ['aborted', 'deleted', 'standing'].flatMap((kind) => parts.map((part) => word(kind, part)));
    words.push(...rooms.map((_, count) => word('metadata', count)));
    const leaks = words.filter((one) => holds(content, one));
    expect(leaks).toEqual([]);
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
