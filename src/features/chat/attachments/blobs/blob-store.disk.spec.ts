import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../../../realtime/index.js';
import { blobStoreContract } from './blob-store.contract.js';
import { DiskBlobStore } from './blob-store.disk.js';

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

for (const isDurable of [true, false]) {
  blobStoreContract(isDurable ? 'on disk, synced' : 'on disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-blobs-'));
    return {
      store: new DiskBlobStore({ folder, isDurable }),
      kept: () => filesIn(folder),
      close: () => rm(folder, { recursive: true }),
    };
  });
}

describe('a blob on disk', () => {
  let home: string;
  let folder: string;
  let store: DiskBlobStore;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-blobs-'));
    folder = join(home, 'made', 'by', 'the store');
    store = new DiskBlobStore({ folder, isDurable: true });
  });
  afterEach(() => rm(home, { recursive: true }));

  async function* text(content: string) {
    yield await Promise.resolve(Buffer.from(content));
  }

  it('is in a folder and a file for its owner alone, under its id', async () => {
    const id = newId();
    await store.put(id, text('private'));
    const file = join(folder, id.slice(-2), id);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, id.slice(-2)))).mode & 0o777).toBe(0o700);
    expect((await filesIn(home)).map((name) => basename(name))).toEqual([id]);
  });

  it('never replaces another', async () => {
    const id = newId();
    await store.put(id, text('first'));
    const stream = await store.open(id);
    stream?.destroy();
    await store.delete([id]);
    expect(await filesIn(home)).toEqual([]);
  });

  it.each(['../../etc/passwd', '..', 'a/../../b', '%2e%2e%2fx', '\0'.repeat(10), ''])(
    'has no path from %j',
    async (id) => {
      await expect(store.put(id, text('x'))).rejects.toThrow('no id');
      await expect(store.open(id)).rejects.toThrow('no id');
      await expect(store.delete([id])).rejects.toThrow('no id');
    },
  );
});
