/* @one-node Looks into the files of the embedded store. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startServer, type TestClient } from '../../../testing/index.js';

let dataDir: string;
let lastId = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-erasure-'));
});

afterAll(async () => rm(dataDir, { recursive: true, force: true }));

async function send(client: TestClient, roomId: string, text: string, values: object = {}): Promise<number> {
  const clientId = `erasure-${(lastId += 1)}`;
  const { message } = await client.request('message.send', { roomId, text, clientId, ...values });
  return message.seq;
}

/** The files of the store in which the word stands, in either of the encodings that a database may use. */
async function filesWith(word: string): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const found: string[] = [];
  for (const file of files) {
    const content = await readFile(file);
    if (content.includes(word) || content.includes(Buffer.from(word, 'utf16le'))) found.push(file);
  }
  return found;
}

/** A word that stands nowhere else, and that no other word of the test begins with. */
const word = (kind: string, index: number): string => `${kind}x${String(index).padStart(4, '0')}x`;

it('leaves no deleted and no replaced word in the files of the store after a clean stop', async () => {
  const server = await startServer({ dataDir, env: { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' } });
  const ann = await server.connect('ann');
  const { room } = await ann.request('room.create', { kind: 'group' });
  const roomId = String(room.id);
  const rounds = Array.from({ length: 40 }, (_, index) => index);
  const seqs = await Promise.all(
    rounds.map(async (index) =>
      send(ann, roomId, `${word('deleted', index)} ${'filler '.repeat(index * 20)}`, {
        meta: { also: word('metadata', index) },
      }),
    ),
  );
  const edited = await Promise.all(rounds.map(async (index) => send(ann, roomId, word('replaced', index))));
  await send(ann, roomId, word('kept', 0));
  for (const index of rounds) {
    await ann.request('message.edit', { roomId, seq: seqs[index], text: word('between', index) });
    await ann.request('message.edit', { roomId, seq: edited[index], text: word('standing', index) });
    await ann.request('message.delete', { roomId, seq: seqs[index] });
  }
  await server.close();

  expect(await filesWith(word('kept', 0))).not.toEqual([]);
  expect(await filesWith(word('standing', 7))).not.toEqual([]);
  const leaks: string[] = [];
  for (const kind of ['deleted', 'metadata', 'replaced', 'between']) {
    for (const index of rounds) {
      const files = await filesWith(word(kind, index));
      if (files.length > 0) leaks.push(`${word(kind, index)} in ${files.join(', ')}`);
    }
  }
  expect(leaks).toEqual([]);
}, 30_000);
