import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openTestDatabase } from '../../../storage/testing.js';
import { chatMigrations } from '../records/index.js';
import { store as probe } from './index-probe.store.js';
import { type IndexUnderTest, itIsASearchIndex } from './search-index.contract.js';
import { termsOf } from './terms.js';

itIsASearchIndex('FTS5', async (): Promise<IndexUnderTest> => {
  const { database, close } = await openTestDatabase({ migrations: chatMigrations, store: 'embedded' });
  const calls = database.open(probe);
  await calls.join([
    ['ann', 'r1'],
    ['ann', 'r2'],
    ['bob', 'r3'],
  ]);
  return { ...calls, close, check: async () => expect(await calls.damage()).toEqual([]) };
});

/** Words that share all but their last letter with a neighbour: a page that begins with one is named after it. */
const secretOf = (seq: number): string => `kxq${String(seq).padStart(5, '0')}`;

describe('words that are deleted', () => {
  it('are in no file after a stop, at whatever place of a page they stood', async () => {
    const { database, dataDir, close } = await openTestDatabase({
      migrations: chatMigrations,
      store: 'embedded',
    });
    const calls = database.open(probe);
    await calls.join([['ann', 'r1']]);
    const texts = Array.from({ length: 6000 }, (_, seq) => ({ room_id: 'r1', seq, text: secretOf(seq) }));
    await calls.add(texts);
    const isGone = (seq: number): boolean => seq % 5 === 0 || (seq > 1000 && seq < 2500) || seq > 5500;
    const gone = texts.filter(({ seq }) => isGone(seq));
    for (let start = 0; start < gone.length; start += 300) {
      await calls.remove(gone.slice(start, start + 300));
    }
    const query = { userId: 'ann', roomId: null, before: 1e9, from: 0, limit: 1 };
    expect((await calls.find({ ...query, terms: termsOf(secretOf(5)) })).places).toEqual([]);
    expect((await calls.find({ ...query, terms: termsOf(secretOf(6)) })).places).toHaveLength(1);
    expect(await calls.damage()).toEqual([]);
    await database.stop();

    const files = await readdir(dataDir);
    const bytes = Buffer.concat(await Promise.all(files.map(async (file) => readFile(join(dataDir, file)))));
    // Pages keep each word without what it shares with the one before it: whole ones are found at their beginnings.
    expect(texts.some(({ seq, text }) => !isGone(seq) && bytes.includes(text))).toBe(true);
    expect(gone.filter(({ text }) => bytes.includes(text))).toEqual([]);
    await close();
  });
});

it('stays whole when words are deleted after it was made anew', async () => {
  const { database, close } = await openTestDatabase({ migrations: chatMigrations, store: 'embedded' });
  const calls = database.open(probe);
  const texts = Array.from({ length: 3000 }, (_, seq) => ({ room_id: 'r1', seq, text: secretOf(seq) }));
  await calls.rebuild();
  await calls.add(texts);
  for (let start = 500; start < 2500; start += 250) await calls.remove(texts.slice(start, start + 250));
  expect(await calls.damage()).toEqual([]);
  await close();
});

describe('many rooms', () => {
  it('are searched as few are', async () => {
    const { database, close } = await openTestDatabase({ migrations: chatMigrations, store: 'embedded' });
    const calls = database.open(probe);
    const rooms = Array.from({ length: 100 }, (_, number) => `room-${number}`);
    await calls.add([...rooms, 'foreign'].map((room_id) => ({ room_id, seq: 1, text: 'hello world' })));
    await calls.join(rooms.map((room) => ['ann', room]));
    const query = {
      userId: 'ann',
      roomId: null,
      terms: termsOf('hello wor'),
      before: 1e9,
      from: 0,
      limit: 1000,
    };
    const { places } = await calls.find(query);
    expect(places.map(({ room_id }) => room_id)).toEqual(rooms.toReversed());
    const { places: one } = await calls.find({ ...query, roomId: 'room-7' });
    expect(one.map(({ room_id }) => room_id)).toEqual(['room-7']);
    await close();
  });
});
