import { CHAT } from './chat.codec.js';
import type { Codec, Subprotocol } from './codec.js';

/** A push that is encoded once per codec, however many connections it goes to. */
export class OutboundFrame {
  /** Told how many bytes more it holds from now on: set by whoever bounds what it keeps. */
  onEncoded: ((bytes: number) => void) | undefined;
  readonly #encoded: Partial<Record<Subprotocol, Buffer>> = {};

  constructor(
    readonly event: string,
    readonly data: object,
  ) {}

  /** The bytes that all connections of a codec share. */
  encodedBy(codec: Codec): Buffer {
    return this.#encoded[codec.name] ?? this.#encode(codec);
  }

  /** The whole WebSocket frame of subprotocol `chat`: header and UTF-8 JSON. */
  get text(): Buffer {
    return this.encodedBy(CHAT);
  }

  /** The bytes of all that it is encoded to so far. */
  get bytes(): number {
    return Object.values(this.#encoded).reduce((sum, { length }) => sum + length, 0);
  }

  #encode(codec: Codec): Buffer {
    const encoded = codec.encode(JSON.stringify({ event: this.event, data: this.data }));
    this.#encoded[codec.name] = encoded;
    this.onEncoded?.(encoded.length);
    return encoded;
  }
}
