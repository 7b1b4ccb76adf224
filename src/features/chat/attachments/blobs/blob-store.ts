import type { Readable } from 'node:stream';

/** Both ends included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Keeps the bytes of attachments under their ids. A blob never changes. */
export abstract class BlobStore {
  /**
   * Stores all that the source gives, no faster than it can be stored and without holding it in memory. When it
   * resolves, the blob is there, as durably as the store is set to; when the source or the store fails, it rejects, and
   * there is none.
   */
  abstract put(id: string, source: AsyncIterable<Uint8Array>): Promise<void>;

  /**
   * The blob's bytes, or a range of them that lies within it; undefined when there is none. The caller reads the stream
   * to its end or destroys it.
   */
  abstract open(id: string, range?: ByteRange): Promise<Readable | undefined>;

  /** Removes these blobs, and what a crash in the middle of a `put` has left of them. Unknown ids are passed over. */
  abstract delete(ids: readonly string[]): Promise<void>;
}
