import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { store } from '../contract/notes.store.js';
import type { Durability } from '../storage.settings.js';
import { compiledUrl } from './compiled-url.js';
import { SqliteDatabase } from './database.sqlite.js';

const SCRIPT = fileURLToPath(new URL('../../../test/storage/writing-process.js', import.meta.url));
const STORAGE = new URL('..', compiledUrl(import.meta.url)).href.replace(/\/$/, '');

describe('a process that writes', () => {
  let dataDir: string;

  beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'parley-'))));
  afterEach(async () => rm(dataDir, { recursive: true }));

  /** Lets a process write, kills it after `acknowledgements`, and returns all that it had acknowledged. */
  async function killedAfter(acknowledgements: number, durability: Durability): Promise<number[]> {
    const child = spawn(process.execPath, [SCRIPT, STORAGE, dataDir, durability, '16'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let seen = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString().split('\n').length - 1;
      if (seen >= acknowledgements) child.kill('SIGKILL');
    });
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return printed.trimEnd().split('\n').map(Number);
  }

  it('ends by itself, with code 0, after a clean stop', async () => {
    const child = spawn(process.execPath, [SCRIPT, STORAGE, dataDir, 'full', '1', '--limit', '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(printed).toBe('1\n2\n3\n');
    expect(code).toBe(0);
  });

  it.each<Durability>(['full', 'process'])(
    'loses nothing acknowledged when killed with -9 (%s)',
    async (durability) => {
      let total = 0;
      for (const acknowledgements of [1, 40, 200]) {
        const acknowledged = await killedAfter(acknowledgements, durability);
        const database = new SqliteDatabase({ dataDir, durability });
        await database.start();
        const stored = (await database.open(store).all()).map(({ id }) => id);
        const [integrity] = await database.read([{ sql: 'pragma integrity_check', parameters: [] }]);
        await database.stop();
        expect(acknowledged.length).toBeGreaterThanOrEqual(acknowledgements);
        expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
        expect(stored).toEqual(Array.from(stored, (_, index) => index + 1));
        expect(integrity).toEqual([{ integrity_check: 'ok' }]);
        expect(stored.length).toBeGreaterThanOrEqual(total + acknowledged.length);
        total = stored.length;
      }
    },
    60_000,
  );
});
