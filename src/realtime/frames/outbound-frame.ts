import { encodeText } from './wire.js';

/** A push that is encoded and framed once, however many connections it goes to. */
export class OutboundFrame {
  #text: Buffer | undefined;

  constructor(
    readonly event: string,
    readonly data: object,
  ) {}

  /** The whole WebSocket frame of subprotocol `chat`: header and UTF-8 JSON. */
  get text(): Buffer {
    return (this.#text ??= encodeText(JSON.stringify({ event: this.event, data: this.data })));
  }
}
