import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { refuseSocket } from '../../realtime/index.js';
import { lookAtFirstByte } from '../tls/first-byte.js';
import type { TlsIdentity } from '../tls/tls-files.js';
import { answerClientErrors } from './client-errors.js';

/** What a client may take of the server's time and memory before there is a request. Node's own bounds are minutes. */
export interface HttpLimits {
  /** For TLS, and again for the headers of a request. */
  readonly headersTimeoutMs: number;
  /** For a whole request; a handler of a large body sets its own pace. */
  readonly requestTimeoutMs: number;
  /** Between two looks for what takes too long: how late such a one may be cut off. */
  readonly checkingIntervalMs: number;
  readonly maxHeaderBytes: number;
  /** Header lines; more are passed over. */
  readonly maxHeaders: number;
}

const LIMITS: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  checkingIntervalMs: 1000,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
};

/** At the stop, requests under way get this long before their sockets are destroyed. */
const CLOSE_TIMEOUT_MS = 5000;

export interface ParleyHttpOptions {
  /** With one, the server speaks https and wss only. */
  readonly tls?: TlsIdentity | undefined;
  /** Defaults to those of production. */
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** Express, on a server that slow and oversized requests cannot wear out. */
export class ParleyHttpAdapter extends ExpressAdapter {
  readonly #tls: TlsIdentity | undefined;
  readonly #limits: HttpLimits;
  /** Of a server that speaks TLS, whose own list lacks those that have not agreed on it yet. */
  readonly #sockets = new Set<Duplex>();

  constructor({ tls, limits }: ParleyHttpOptions = {}) {
    super();
    this.#tls = tls;
    this.#limits = { ...LIMITS, ...limits };
  }

  override initHttpServer(_: NestApplicationOptions): void {
    const server = this.#tls === undefined ? this.#plainServer() : this.#tlsServer(this.#tls);
    server.maxHeadersCount = this.#limits.maxHeaders;
    answerClientErrors(server);
    this.setHttpServer(server);
  }

  override async close(): Promise<void> {
    // A socket that never sent a request counts as busy, and would keep a closing server open for ever.
    const timer = setTimeout(() => this.#destroySockets(), CLOSE_TIMEOUT_MS);
    try {
      await super.close();
    } finally {
      clearTimeout(timer);
    }
  }

  #destroySockets(): void {
    (this.getHttpServer() as Server).closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  #plainServer(): Server {
    return createServer(this.#serverOptions(), this.getInstance() as RequestListener);
  }

  #tlsServer(tls: TlsIdentity): Server {
    const timeoutMs = this.#limits.headersTimeoutMs;
    const options = {
      ...this.#serverOptions(),
      ...tls,
      handshakeTimeout: timeoutMs,
      ALPNProtocols: ['http/1.1'],
    };
    const server = createTlsServer(options, this.getInstance() as RequestListener);
    const refusal = { status: 400, code: 'BAD_HANDSHAKE', message: 'this port speaks https and wss only' };
    lookAtFirstByte(server, { timeoutMs, refuse: (socket) => refuseSocket(socket, refusal) });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    return server as unknown as Server;
  }

  #serverOptions(): ServerOptions {
    return {
      headersTimeout: this.#limits.headersTimeoutMs,
      requestTimeout: this.#limits.requestTimeoutMs,
      connectionsCheckingInterval: this.#limits.checkingIntervalMs,
      maxHeaderSize: this.#limits.maxHeaderBytes,
    };
  }
}
