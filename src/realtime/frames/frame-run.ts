import type { Codec, Subprotocol } from './codec.js';
import type { OutboundFrame } from './outbound-frame.js';

/** The encoded frames of a run. */
export interface EncodedRun {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
}

/** Pushes that go out one right after the other, at least one: what they are encoded to is the same object for all who get them. */
export class FrameRun {
  readonly #encoded: Partial<Record<Subprotocol, EncodedRun>> = {};

  constructor(readonly frames: readonly OutboundFrame[]) {}

  get length(): number {
    return this.frames.length;
  }

  encodedBy(codec: Codec): EncodedRun {
    return (this.#encoded[codec.name] ??= this.#encode(codec));
  }

  #encode(codec: Codec): EncodedRun {
    const buffers = this.frames.map((frame) => frame.encodedBy(codec));
    return { buffers, bytes: buffers.reduce((sum, { length }) => sum + length, 0) };
  }
}
