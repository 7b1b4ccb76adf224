/* @one-node Looks into the files of the embedded store. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startServer, type TestClient } from '../../../testing/index.js';

let folder: string;
let lastId = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-search-'));
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function send(client: TestClient, roomId: string, text: string): Promise<number> {
  const clientId = `erasure-${++lastId}`;
  const { message } = await client.request('message.send', { roomId, text, clientId });
  return message.seq;
}

async function contents(): Promise<Buffer> {
  const files = await readdir(folder, { recursive: true });
  return Buffer.concat(
    await Promise.all(files.map(async (file) => readFile(join(folder, file)).catch(() => Buffer.alloc(0)))),
  );
}

it('leaves no deleted and no edited word in the files of the index after a clean stop', async () => {
  const server = await startServer({ dataDir: folder, env: { RATE_SENDS_PER_S: '0' } });
  const ann = await server.connect('ann');
  const { room } = await ann.request('room.create', { kind: 'group' });
  const roomId = String(room.id);
  for (let count = 0; count < 50; count += 1) await send(ann, roomId, `kept words ${count}`);
  const gone = await send(ann, roomId, 'xyzzyone 秘密単語');
  const edited = await send(ann, roomId, 'xyzzytwo');
  await ann.request('message.delete', { roomId, seq: gone });
  await ann.request('message.edit', { roomId, seq: edited, text: 'xyzzythree' });
  const { hits } = await ann.request('message.search', { query: 'xyzzy' });
  expect(hits).toMatchObject([{ message: { seq: edited } }]);
  await server.close();

  const bytes = await contents();
  const looked = ['xyzzyone', 'yzzyone', '秘密単語', '秘密', '単語', 'xyzzytwo', 'xyzzythree', 'kept words'];
  expect(looked.filter((word) => bytes.includes(word))).toEqual(['xyzzythree', 'kept words']);
});
