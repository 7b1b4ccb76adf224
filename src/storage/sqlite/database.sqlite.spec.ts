import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeDatabase } from '../contract/database.contract.js';
import { notesMigrations, store } from '../contract/notes.store.js';
import type { Durability } from '../storage.settings.js';
import { SqliteDatabase } from './database.sqlite.js';

describeDatabase('SqliteDatabase', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-'));
  return {
    create: async () => new SqliteDatabase({ dataDir, durability: 'full' }),
    remove: async () => rm(dataDir, { recursive: true }),
  };
});

describe('the folder of a SqliteDatabase', () => {
  let parent: string;
  let dataDir: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'parley-'));
    dataDir = join(parent, 'data');
  });
  afterEach(async () => rm(parent, { recursive: true }));

  async function started(durability: Durability): Promise<SqliteDatabase> {
    const database = new SqliteDatabase({ dataDir, durability });
    database.addMigrations(notesMigrations);
    await database.start();
    return database;
  }

  async function lifeOf(folder: string, durability: Durability): Promise<string> {
    const database = new SqliteDatabase({ dataDir: folder, durability });
    await database.start();
    const answer = database.life;
    await database.stop();
    return answer;
  }

  it('is private to its owner, with every file in it', async () => {
    const database = await started('full');
    await database.open(store).append();
    const modes = await Promise.all(
      (await readdir(dataDir)).map(async (file) => [file, (await stat(join(dataDir, file))).mode & 0o777]),
    );
    expect(Object.fromEntries(modes)).toMatchObject({
      'parley.db': 0o600,
      'parley.db-wal': 0o600,
      'parley.lock': 0o600,
    });
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([]);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    await database.stop();
  });

  it('holds nothing of a deleted text after a clean stop, and an empty log', async () => {
    const database = await started('full');
    const notes = database.open(store);
    await notes.insert({ id: 1, body: 'the-secret-plan '.repeat(1_000) });
    await notes.insert({ id: 2, body: 'the-public-plan' });
    await notes.erase(1);
    expect(await notes.count()).toBe(1);
    await database.stop();
    const files = await readdir(dataDir);
    const contents = await Promise.all(files.map(async (file) => readFile(join(dataDir, file), 'latin1')));
    expect(contents.join('')).not.toContain('the-secret-plan');
    expect(contents.join('')).toContain('the-public-plan');
    expect(files.filter((file) => file.endsWith('-wal') || file.endsWith('-journal'))).toEqual([]);
  });

  it('begins another life after an unclean end under durability process, and keeps it until the next', async () => {
    const running = await started('process');
    const first = running.life;
    // What a power cut would leave. Another process copies: closing the files in this one would drop its locks.
    const left = join(parent, 'left');
    await promisify(execFile)('cp', ['-r', dataDir, left]);
    await running.stop();
    expect(await lifeOf(dataDir, 'process')).toBe(first);
    const second = await lifeOf(left, 'full');
    expect(second).not.toBe(first);
    expect(await lifeOf(left, 'process')).toBe(second);
  });

  it('takes an unclean end under durability full for harmless', async () => {
    const running = await started('full');
    const { life } = running;
    const left = join(parent, 'left');
    await promisify(execFile)('cp', ['-r', dataDir, left]);
    await running.stop();
    expect(await lifeOf(left, 'full')).toBe(life);
  });
});
