import type { Codec } from '../frames/codec.js';

/** Sequences that begin with the same frame: what all members get, and a few with somebody's answers among it. */
const MAX_ALIKE = 4;

interface Written {
  readonly codec: Codec;
  readonly frames: readonly Buffer[];
  readonly bytes: Buffer;
}

/**
 * Makes one buffer of all that a connection is due. Connections that are due the same frames, as the members of a room are,
 * get the same buffer: it is put together once. It lasts for one round of flushes.
 */
export class SharedWrites {
  private readonly byFirst = new Map<Buffer, Written[]>();

  /** `frames` must not be changed later. */
  bytesOf(codec: Codec, frames: readonly [Buffer, ...Buffer[]]): Buffer {
    const [first] = frames;
    const alike = this.byFirst.get(first) ?? [];
    const same = alike.find((written) => written.codec === codec && areSame(written.frames, frames));
    if (same !== undefined) return same.bytes;
    const bytes = joined(codec.framed(frames));
    if (alike.length < MAX_ALIKE) alike.push({ codec, frames, bytes });
    this.byFirst.set(first, alike);
    return bytes;
  }

  clear(): void {
    this.byFirst.clear();
  }
}

/** The last one is looked at first: sequences that differ most often differ there. */
function areSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  if (some.length !== others.length || some.at(-1) !== others.at(-1)) return false;
  return some.every((frame, at) => frame === others[at]);
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
}
