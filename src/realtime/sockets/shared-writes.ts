import type { Codec } from '../frames/codec.js';

/** Sequences that begin with the same frame: few of what many get are only alike. */
const MAX_ALIKE = 4;

/** Undefined: the frames alone, without what a codec puts before them. */
type Framing = Codec | undefined;

interface Written {
  readonly framing: Framing;
  readonly frames: readonly Buffer[];
  readonly bytes: Buffer;
}

/** What one connection is due. */
export interface Due {
  readonly frames: readonly Buffer[];
  /** How many frames at the beginning others are given too. */
  readonly shared: number;
}

/**
 * Makes few buffers of the many frames that a connection is due. Connections that are due the same frames, as the members of
 * a room are, get the same buffer: it is put together once. It lasts for one round of flushes.
 */
export class SharedWrites {
  private readonly byFirst = new Map<Buffer, Written[]>();

  /** What is written to the socket, in this order. `frames` must not be changed later. */
  piecesOf(codec: Codec, { frames, shared }: Due): readonly Buffer[] {
    if (shared === frames.length) return [this.joinedOnce(codec, frames)];
    const own = frames.slice(shared);
    if (shared === 0) return [joined(codec.framed(own, own.length))];
    const run = this.joinedOnce(undefined, frames.slice(0, shared));
    return codec.framed([run, joined(own)], frames.length);
  }

  clear(): void {
    this.byFirst.clear();
  }

  private joinedOnce(framing: Framing, frames: readonly Buffer[]): Buffer {
    const [first] = frames;
    if (first === undefined) return joined(frames);
    const alike = this.byFirst.get(first) ?? [];
    const same = alike.find((written) => written.framing === framing && areSame(written.frames, frames));
    if (same !== undefined) return same.bytes;
    const bytes = joined(framing?.framed(frames, frames.length) ?? frames);
    if (alike.length < MAX_ALIKE) alike.push({ framing, frames, bytes });
    this.byFirst.set(first, alike);
    return bytes;
  }
}

/** One run is one array. Of others the last frame is looked at first: sequences that differ most often differ there. */
function areSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  if (some === others) return true;
  if (some.length !== others.length || some.at(-1) !== others.at(-1)) return false;
  return some.every((frame, at) => frame === others[at]);
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
}
