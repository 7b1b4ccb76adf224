import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compiledUrl } from './compiled-url.js';
import { DirectoryLock } from './directory-lock.js';
import { SqliteDatabase } from './database.sqlite.js';

const COMPILED = new URL('./directory-lock.js', compiledUrl(import.meta.url)).href;

describe('DirectoryLock', () => {
  let directory: string;

  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'parley-'))));
  afterEach(async () => rm(directory, { recursive: true }));

  it('keeps out a second owner in the same process, naming the folder and the mend', () => {
    const lock = new DirectoryLock(directory);
    expect(() => new DirectoryLock(directory)).toThrow(
      `the data folder ${directory} is in use by another process: stop that one, or set DATA_DIR to another folder`,
    );
    lock.release();
  });

  it('lets the next one in after its release', () => {
    new DirectoryLock(directory).release();
    const next = new DirectoryLock(directory);
    expect(() => new DirectoryLock(directory)).toThrow('in use');
    next.release();
  });

  it('keeps out another process, and ends with its owner however that ends', async () => {
    const owner = await ownerProcess(directory);
    expect(() => new DirectoryLock(directory)).toThrow('in use');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const heir = new DirectoryLock(directory);
    await expect(ownerProcess(directory)).rejects.toThrow('ended without the lock');
    heir.release();
  });

  it('makes its file private', async () => {
    const lock = new DirectoryLock(directory);
    expect((await stat(join(directory, 'parley.lock'))).mode & 0o777).toBe(0o600);
    lock.release();
  });

  it('refuses a second database on one folder, which leaves the first one working', async () => {
    const first = new SqliteDatabase({ dataDir: directory, durability: 'process' });
    await first.start();
    await expect(new SqliteDatabase({ dataDir: directory, durability: 'process' }).start()).rejects.toThrow(
      'in use',
    );
    await expect(first.ping()).resolves.toBeUndefined();
    await first.stop();
  });
});

/** A process that has taken the lock and holds it until it is killed. */
async function ownerProcess(directory: string): Promise<ChildProcess> {
  const code = `
    const { DirectoryLock } = await import(${JSON.stringify(COMPILED)});
    globalThis.lock = new DirectoryLock(${JSON.stringify(directory)});
    process.stdout.write('locked');
    setInterval(() => {}, 1_000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('ended without the lock');
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}
