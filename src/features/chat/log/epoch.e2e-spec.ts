/* @one-node Looks into the files of the embedded store. */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startServer } from '../../../testing/index.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-epoch-'));
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

/** The epoch of a service on this folder; `meanwhile` runs before it stops. */
async function epochOf(
  dataDir: string,
  durability: string,
  meanwhile?: () => Promise<void>,
): Promise<string> {
  const server = await startServer({ dataDir, env: { DURABILITY: durability } });
  try {
    const { ready } = await server.connect('ann');
    await meanwhile?.();
    return String(ready['epoch']);
  } finally {
    await server.close();
  }
}

describe("the log's epoch", () => {
  it('outlives a clean stop', async () => {
    const first = await epochOf(folder, 'process');
    expect(await epochOf(folder, 'process')).toBe(first);
  });

  it.each([
    ['changes', 'process', false],
    ['stays', 'full', true],
  ])('%s after an unclean end under %s durability', async (_, durability, isSame) => {
    const [running, left] = [join(folder, 'running'), join(folder, 'left')];
    const copy = async (): Promise<void> => cp(running, left, { recursive: true });
    const first = await epochOf(running, durability, copy);
    expect((await epochOf(left, durability)) === first).toBe(isSame);
  });
});
