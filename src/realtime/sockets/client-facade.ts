import { WebSocket } from 'ws';
import type { Connection } from '../connection/connection.js';
import type { Codec } from '../frames/codec.js';

type Listener = (...args: never[]) => void;

/** What a facade stands before. */
interface FacadeTarget extends Connection {
  readonly ws: WebSocket;
  readonly codec: Codec;
  readonly isEnding: boolean;
  readonly outbox: { readonly unsentBytes: number };
  write(frame: Buffer): void;
}

const MAX_REASON_BYTES = 123;

/** Codes from 1000 to 1014 that only report what happened, or mean nothing (RFC 6455 section 7.4). */
const UNSENDABLE: ReadonlySet<number> = new Set([1004, 1005, 1006]);

function isSendable(code: number): boolean {
  const isOfTheRfc = code >= 1000 && code <= 1014 && !UNSENDABLE.has(code);
  return Number.isInteger(code) && (isOfTheRfc || (code >= 3000 && code <= 4999));
}

/**
 * The client that a plain Nest gateway is handed. It looks like a `ws` socket, but what it sends goes through the
 * connection's outbox, in order with everything else. Gateways may keep properties of their own on it.
 */
export class ClientFacade {
  static readonly CONNECTING = WebSocket.CONNECTING;
  static readonly OPEN = WebSocket.OPEN;
  static readonly CLOSING = WebSocket.CLOSING;
  static readonly CLOSED = WebSocket.CLOSED;
  readonly CONNECTING = WebSocket.CONNECTING;
  readonly OPEN = WebSocket.OPEN;
  readonly CLOSING = WebSocket.CLOSING;
  readonly CLOSED = WebSocket.CLOSED;
  readonly #connection: FacadeTarget;

  constructor(connection: FacadeTarget) {
    this.#connection = connection;
  }

  /** The connection as Parley's own features see it. */
  get connection(): Connection {
    return this.#connection;
  }

  get readyState(): number {
    return this.#connection.isEnding
      ? Math.max(this.#connection.ws.readyState, this.CLOSING)
      : this.#connection.ws.readyState;
  }

  get protocol(): string {
    return this.#connection.ws.protocol;
  }

  get bufferedAmount(): number {
    return this.#connection.outbox.unsentBytes;
  }

  /** Sends one text message; on `superchat`, which has frames only, it must be the JSON of an object. */
  send(data: string | Buffer, ...rest: unknown[]): void {
    this.#connection.write(this.#connection.codec.encode(data.toString()));
    const callback = rest.at(-1);
    if (typeof callback === 'function') setImmediate(callback as () => void);
  }

  /** Throws, as `ws` does, for a code that no endpoint may send and for a reason longer than 123 bytes. */
  close(code = 1000, reason: string | Buffer = ''): void {
    const text = reason.toString();
    if (!isSendable(code))
      throw new TypeError('a close code is 3000 to 4999, or one of RFC 6455 that may be sent');
    if (Buffer.byteLength(text) > MAX_REASON_BYTES)
      throw new RangeError(`a close reason has at most ${MAX_REASON_BYTES} bytes`);
    this.#connection.close({ code, reason: text });
  }

  terminate(): void {
    this.#connection.ws.terminate();
  }

  on(event: string, listener: Listener): this {
    this.#connection.ws.on(event, listener as never);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.#connection.ws.once(event, listener as never);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#connection.ws.off(event, listener as never);
    return this;
  }

  removeListener(event: string, listener: Listener): this {
    return this.off(event, listener);
  }

  addEventListener(event: string, listener: Listener): void {
    this.#connection.ws.addEventListener(event as 'close', listener as never);
  }

  removeEventListener(event: string, listener: Listener): void {
    this.#connection.ws.removeEventListener(event as 'close', listener as never);
  }
}
