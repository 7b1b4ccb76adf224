import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../../../realtime/index.js';
import type { BlobStore, ByteRange } from './blob-store.js';

/** A store under test, and a look behind it. */
export interface BlobStoreBed {
  readonly store: BlobStore;
  /** The ids of the objects that are kept, in any order, and whatever else lies where blobs are written. */
  kept(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

/** What every `BlobStore` does. */
export function blobStoreContract(name: string, open: () => Promise<BlobStoreBed>): void {
  describe(`blobs ${name}`, () => {
    let bed: BlobStoreBed;
    let store: BlobStore;

    beforeAll(async () => {
      bed = await open();
      ({ store } = bed);
    });
    afterAll(async () => bed.close());

    async function put(content: Buffer): Promise<string> {
      const id = newId();
      await store.put(id, inPieces(content));
      return id;
    }

    async function read(id: string, range?: ByteRange): Promise<Buffer | undefined> {
      const stream = await store.open(id, range);
      return stream && (await buffer(stream));
    }

    it.each([0, 1, 70_000, 3 * MIB])('give back %i bytes as they were put', async (length) => {
      const content = randomBytes(length);
      expect((await read(await put(content)))?.equals(content)).toBe(true);
    });

    it('give a range of their bytes', async () => {
      const id = await put(Buffer.from('0123456789'));
      expect(String(await read(id, { start: 2, end: 4 }))).toBe('234');
      expect(String(await read(id, { start: 9, end: 9 }))).toBe('9');
      expect(String(await read(id, { start: 0, end: 9 }))).toBe('0123456789');
    });

    it('are not there before they are put, nor after they are deleted', async () => {
      expect(await read(newId())).toBeUndefined();
      const [one, other] = [await put(Buffer.from('one')), await put(Buffer.from('other'))];
      await store.delete([one, newId()]);
      await store.delete([one]);
      expect(await read(one)).toBeUndefined();
      expect(String(await read(other))).toBe('other');
    });

    it('may be deleted by several at once, and again, and others stay', async () => {
      const [kept, ...gone] = await Promise.all(
        ['kept', 'a', 'b', 'c'].map((text) => put(Buffer.from(text))),
      );
      await Promise.all([store.delete(gone), store.delete(gone.toReversed()), store.delete(gone)]);
      await store.delete(gone);
      expect(await Promise.all(gone.map((id) => read(id)))).toEqual(gone.map(() => undefined));
      expect(String(await read(String(kept)))).toBe('kept');
    });

    it('are not there, not even in part, when the source fails', async () => {
      const before = await bed.kept();
      const id = newId();
      await expect(store.put(id, failing())).rejects.toThrow('hung up');
      expect(await read(id)).toBeUndefined();
      expect(await bed.kept()).toEqual(before);
    });

    it('are taken no faster than they are stored', async () => {
      let given = 0;
      let largestLead = 0;
      async function* source() {
        for (; given < 32; given += 1) {
          const before = process.memoryUsage().arrayBuffers;
          yield Buffer.alloc(MIB, given);
          largestLead = Math.max(largestLead, process.memoryUsage().arrayBuffers - before);
        }
      }
      const id = newId();
      await store.put(id, source());
      expect(given).toBe(32);
      expect(largestLead).toBeLessThan(16 * MIB);
      await store.delete([id]);
    });
  });
}

async function* inPieces(content: Buffer) {
  for (let start = 0; start < content.length; start += 16_384) {
    yield await Promise.resolve(content.subarray(start, start + 16_384));
  }
}

async function* failing() {
  yield Buffer.alloc(100_000);
  await Promise.resolve();
  throw new Error('hung up');
}
