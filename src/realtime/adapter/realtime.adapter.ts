import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { ConnectionOpener } from '../sockets/connection-opener.js';
import { Connections } from '../sockets/connections.js';
import { type AdmittedUpgrade, UpgradePipeline } from '../upgrade/upgrade-pipeline.js';
import { normalizedPath } from '../dispatch/gateway-scanner.js';
import { RouteTable } from '../dispatch/route-table.js';
import { GatewayServer } from './gateway-server.js';

/** A message of more fragments closes with 1008. */
const MAX_FRAGMENTS = 1024;
/** Pongs that a peer which pings and does not read may have waiting. */
const MAX_PENDING_PONGS = 16;
/** How long a peer may take to answer our close frame before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * Nest's `ws` adapter with Parley's own front door, dispatch and connections behind it: one `upgrade` listener, one
 * socket listener a connection, one route table for all gateways.
 */
@Injectable()
export class RealtimeAdapter extends WsAdapter {
  private readonly sockets: WebSocketServer;
  private readonly servers = new Map<string, GatewayServer>();
  private listening: Server | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly pipeline: UpgradePipeline,
    private readonly opener: ConnectionOpener,
    private readonly connections: Connections,
    private readonly routes: RouteTable,
    @Inject(REALTIME_SETTINGS) settings: RealtimeSettings,
  ) {
    super();
    const options: ServerOptions & { maxPendingAutoPongs: number; closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      maxPayload: settings.maxFrameBytes,
      maxFragments: MAX_FRAGMENTS,
      maxPendingAutoPongs: MAX_PENDING_PONGS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      perMessageDeflate: settings.isCompressionEnabled,
      handleProtocols: (_offered, request) => selectedOf(request) ?? false,
    };
    this.sockets = new WebSocketServer(options);
    // The pipeline has checked the rest of the handshake: `ws` can only have stumbled over an extension.
    this.sockets.on('wsClientError', (error, socket) => this.pipeline.refuseHandshake(socket, error.message));
  }

  /** Called by Nest once a gateway. All of one path share what they get as `@WebSocketServer()`. */
  override create(_port: number, options: { readonly path?: string } = {}): GatewayServer {
    this.ensureHttpServerExists();
    const path = normalizedPath(options.path);
    const server = this.servers.get(path) ?? this.open(path);
    this.servers.set(path, server);
    return server;
  }

  /** Nest would bind every gateway to every socket here; the dispatcher has them all in one table. */
  override bindClientConnect(): void {}

  override bindMessageHandlers(): void {}

  override bindClientDisconnect(): void {}

  /** The drain has closed the connections before Nest comes here. */
  override close(): Promise<void> {
    return Promise.resolve();
  }

  override dispose(): Promise<void> {
    this.listening?.off('upgrade', this.onUpgrade);
    this.listening = undefined;
    return Promise.resolve();
  }

  protected override ensureHttpServerExists(): undefined {
    if (this.listening !== undefined) return;
    this.listening = this.host.httpAdapter.getHttpServer() as Server;
    this.listening.on('upgrade', this.onUpgrade);
  }

  private open(path: string): GatewayServer {
    const server = new GatewayServer(path, this.connections);
    const { hooks } = this.routes.open(path);
    // It greets as gateways do: after `ready`. Only once somebody listens is there anything to do for a connection.
    server.whenHeard(() => hooks.unshift({ name: 'server', handleConnection: server.announce }));
    return server;
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.upgrade(request, socket, head).catch((error: unknown) => {
      logger.error({ msg: 'an upgrade failed', err: error });
      socket.destroy();
    });
  };

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const admitted = await this.pipeline.admit(request, socket);
    if (admitted === undefined) return;
    selected.set(request, admitted);
    this.sockets.handleUpgrade(request, socket, head, (ws) => {
      this.opener.open(ws, socket as Socket, admitted);
    });
    // `ws` calls back before it returns, or refuses by itself what it cannot read.
    admitted.leave();
  }
}

const logger = new Logger(RealtimeAdapter.name);

/** `ws` asks for the subprotocol in the middle of the handshake. */
const selected = new WeakMap<IncomingMessage, AdmittedUpgrade>();

function selectedOf(request: IncomingMessage): string | undefined {
  return selected.get(request)?.subprotocol;
}
