import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { notesMigrations, store } from '../contract/notes.store.js';
import { StorageError } from '../storage-error.js';
import type { Store } from '../store.js';
import { openTestDatabase, type TestDatabase } from '../testing.js';
import { SqliteDatabase } from './database.sqlite.js';

const NOT_STORED = { outcome: 'not-stored' };
const UNKNOWN = { outcome: 'unknown' };

describe('a SqliteDatabase in trouble', () => {
  let opened: TestDatabase;
  let notes: Store<typeof store>;

  beforeEach(async () => {
    opened = await openTestDatabase({ migrations: notesMigrations, store: 'embedded' });
    notes = opened.database.open(store);
  });
  afterEach(async () => opened.close());

  it('tells a write that was cut off from those that had not begun, and goes on', async () => {
    const before = notes.append();
    const cut = notes.insertThenEndThread({ id: 9, body: 'cut' });
    const after = notes.append();
    const outcomes = await Promise.allSettled([before, cut, after]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { reason: expect.any(StorageError) },
      { reason: expect.any(StorageError) },
    ]);
    expect(outcomes).toMatchObject([{}, { reason: UNKNOWN }, { reason: NOT_STORED }]);
    expect(await notes.append()).toBe(2);
    expect(await notes.all()).toHaveLength(2);
  });

  it('does not know the outcome when the commit itself fails', async () => {
    await expect(notes.insertThenCommit({ id: 5, body: 'stored' })).rejects.toMatchObject(UNKNOWN);
    expect(await notes.count()).toBe(1);
    expect(await notes.append()).toBe(2);
  });

  it('knows it when a deferred constraint stands against the commit', async () => {
    const error: unknown = await notes.insertOrphan({ id: 5, body: 'x' }).catch((fault: unknown) => fault);
    expect(error).not.toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ message: expect.stringContaining('FOREIGN KEY') });
    expect(await notes.count()).toBe(0);
  });

  it('replaces a reader that has died', async () => {
    await expect(notes.endThread()).rejects.toMatchObject(NOT_STORED);
    expect(await notes.count()).toBe(0);
  });

  it('refuses writes while the disk is full, still reads, and heals by itself', async () => {
    await notes.insert({ id: 1, body: 'before' });
    await notes.limitPages(1);
    const big = { id: 2, body: 'x'.repeat(100_000) };
    await expect(notes.insert(big)).rejects.toMatchObject({
      ...NOT_STORED,
      message: expect.stringContaining('FULL'),
    });
    await expect(notes.insert(big)).rejects.toBeInstanceOf(StorageError);
    expect(await notes.count()).toBe(1);
    await notes.limitPages(1_000_000);
    await notes.insert(big);
    expect(await notes.count()).toBe(2);
  });

  it('refuses calls beyond its bound at once', async () => {
    const writes = Array.from({ length: 10_001 }, async () => notes.append());
    await expect(writes[10_000]).rejects.toMatchObject(NOT_STORED);
    await expect(notes.count()).resolves.toBeGreaterThanOrEqual(0);
    const accepted = await Promise.all(writes.slice(0, 10_000));
    expect(accepted.at(-1)).toBe(10_000);
  });

  it('rejects an input and a result that are no plain data', async () => {
    await expect(notes.insert({ id: 1, body: (() => 'no') as never })).rejects.toThrow('could not be cloned');
    await expect(notes.unclonable()).rejects.toThrow('its result is no plain data');
    expect(await notes.append()).toBe(1);
  });

  it('names a store file that exports no store', async () => {
    const url = new URL('../storage-error.ts', import.meta.url).href;
    const broken = opened.database.open({ ...store, name: 'storage/broken', url });
    await expect(broken.count()).rejects.toThrow('must export its store under the name "store"');
  });

  it('refuses to start on a file that is no database, and lets go of the folder', async () => {
    await opened.database.stop();
    await writeFile(join(opened.dataDir, 'parley.db'), 'no database at all '.repeat(100));
    for (const _attempt of [1, 2]) {
      const database = new SqliteDatabase({ dataDir: opened.dataDir, durability: 'full' });
      await expect(database.start()).rejects.toThrow('file is not a database');
    }
  });
});
