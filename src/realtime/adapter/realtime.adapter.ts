import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { normalizedPath } from '../dispatch/gateway-scanner.js';
import type { GatewayServer } from './gateway-server.js';
import { GatewayServers } from './gateway-servers.js';
import { Upgrades } from './upgrades.js';

/**
 * Nest's `ws` adapter with Parley's own front door, dispatch and connections behind it: one `upgrade` listener, one
 * socket listener a connection, one route table for all gateways.
 */
@Injectable()
export class RealtimeAdapter extends WsAdapter {
  private listening: Server | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly upgrades: Upgrades,
    private readonly servers: GatewayServers,
  ) {
    super();
  }

  /** Called by Nest once a gateway. All of one path share what they get as `@WebSocketServer()`. */
  override create(_port: number, options: { readonly path?: string } = {}): GatewayServer {
    this.ensureHttpServerExists();
    return this.servers.at(normalizedPath(options.path));
  }

  /** Nest would bind every gateway to every socket here; the dispatcher has them all in one table. */
  override bindClientConnect(): void {}

  override bindMessageHandlers(): void {}

  override bindClientDisconnect(): void {}

  /** The drain has closed the connections before Nest comes here. */
  override close(): Promise<void> {
    return Promise.resolve();
  }

  /** The front door stays until the server stops listening: without it an upgrade would be answered as a plain request. */
  override dispose(): Promise<void> {
    return Promise.resolve();
  }

  protected override ensureHttpServerExists(): undefined {
    if (this.listening !== undefined) return;
    this.listening = this.host.httpAdapter.getHttpServer() as Server;
    this.listening.on('upgrade', this.upgrades.onUpgrade);
  }
}
