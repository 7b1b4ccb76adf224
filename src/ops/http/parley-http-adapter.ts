import { createServer, type RequestListener, type Server } from 'node:http';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { exemptPacedRequests } from './paced-requests.js';

/** Node's own bounds (60 s and 300 s) let slow senders hold sockets for minutes. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const CHECKING_INTERVAL_MS = 1000;
const MAX_HEADER_BYTES = 16_384;
const MAX_HEADERS = 100;

/** At the stop, requests under way get this long before their sockets are destroyed. */
const CLOSE_TIMEOUT_MS = 5000;

/** Express, on a server that slow and oversized requests cannot wear out. */
export class ParleyHttpAdapter extends ExpressAdapter {
  override initHttpServer(_: NestApplicationOptions): void {
    const server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: CHECKING_INTERVAL_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      this.getInstance() as RequestListener,
    );
    server.maxHeadersCount = MAX_HEADERS;
    exemptPacedRequests(server);
    this.setHttpServer(server);
  }

  override async close(): Promise<void> {
    const server = this.getHttpServer() as Server;
    // A socket that never sent a request counts as busy, and would keep a closing server open for ever.
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
    try {
      await super.close();
    } finally {
      clearTimeout(timer);
    }
  }
}
