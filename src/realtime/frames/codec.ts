import type { InboundFrame } from './inbound-frame.js';

/** The subprotocols of the contract; a client that offered none speaks `chat`. */
export type Subprotocol = 'chat' | 'superchat';

/** How frames of a subprotocol are written as messages, and read. */
export interface Codec {
  readonly name: Subprotocol;
  /** Whether its messages are binary; one of the other kind closes with 1003. */
  readonly isBinary: boolean;

  /** How many frames a message says that it holds, at least 1. Nothing else of it is read. */
  countFrames(message: Buffer): number;

  /** Where each frame of a message ends, and where the first begins. Throws `BadFrame` when the message is no such thing. */
  locate(message: Buffer): FramePlaces;

  /** Reads one frame out of the bytes of its own. Throws `BadFrame`. */
  decode(frame: Buffer): InboundFrame;

  /** Encodes one frame that is written as JSON, in a form that many connections can share. */
  encode(json: string): Buffer;

  /**
   * What is written to a socket for these encoded frames: whole WebSocket frames, from pieces that are shared. Some of
   * `frames` may be joined already; `count` is how many they are.
   */
  framed(frames: readonly Buffer[], count: number): readonly Buffer[];

  /** The messages without their WebSocket headers, for an extension that changes them. */
  messages(frames: readonly Buffer[]): readonly Buffer[];
}

/** The places of frames in a message: each begins where the one before it ends. */
export interface FramePlaces {
  readonly start: number;
  readonly ends: readonly number[];
}
