import { WebSocket } from 'ws';
import type { Connection } from '../connection/connection.js';
import { encodeText } from '../frames/wire.js';

type Listener = (...args: never[]) => void;

/** What a facade stands before. */
interface FacadeTarget extends Connection {
  readonly ws: WebSocket;
  readonly isEnding: boolean;
  readonly outbox: { readonly unsentBytes: number };
  write(frame: Buffer): void;
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

  /** Sends one text message. */
  send(data: string | Buffer, ...rest: unknown[]): void {
    this.#connection.write(encodeText(data.toString()));
    const callback = rest.at(-1);
    if (typeof callback === 'function') setImmediate(callback as () => void);
  }

  close(code = 1000, reason = ''): void {
    this.#connection.close({ code, reason });
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
