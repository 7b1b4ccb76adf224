import { CHAT } from './chat.codec.js';
import type { Codec, Subprotocol } from './codec.js';

/** A push that is encoded once per codec, however many connections it goes to. */
export class OutboundFrame {
  readonly #encoded: Partial<Record<Subprotocol, Buffer>> = {};

  constructor(
    readonly event: string,
    readonly data: object,
  ) {}

  /** The bytes that all connections of a codec share. */
  encodedBy(codec: Codec): Buffer {
    return (this.#encoded[codec.name] ??= codec.encode(
      JSON.stringify({ event: this.event, data: this.data }),
    ));
  }

  /** The whole WebSocket frame of subprotocol `chat`: header and UTF-8 JSON. */
  get text(): Buffer {
    return this.encodedBy(CHAT);
  }
}
