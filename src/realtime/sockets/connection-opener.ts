import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { Clock } from '../clock/clock.js';
import { CLOSE, ConnectionRefused } from '../connection/close.js';
import { RequestReader } from '../dispatch/request-reader.js';
import { ErrorReporter } from '../errors/error-reporter.js';
import { OutboundFrame } from '../frames/outbound-frame.js';
import { newId } from '../ids/new-id.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import type { AdmittedUpgrade } from '../upgrade/upgrade-pipeline.js';
import { Connections } from './connections.js';
import { FlushQueue } from './flush-queue.js';
import { GatewayLifecycle } from './gateway-lifecycle.js';
import { Observers } from './observers.js';
import { SocketConnection } from './socket-connection.js';

/** The version of the wire contract. */
const PROTOCOL = '1.0';

/** What this node accepts beyond version 1.0. */
const FEATURES: readonly string[] = [];

const USER_AGENT_LIMIT = 256;

/** The code that `ws` reports when a socket closed without a close frame. */
const NO_CLOSE_FRAME = 1006;

/** Makes a connection of a socket that was just upgraded: register, attach, `ready`, open for requests. */
@Injectable()
export class ConnectionOpener {
  constructor(
    private readonly connections: Connections,
    private readonly observers: Observers,
    private readonly lifecycle: GatewayLifecycle,
    private readonly requests: RequestReader,
    private readonly flushQueue: FlushQueue,
    private readonly errors: ErrorReporter,
    private readonly clock: Clock,
    @Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings,
  ) {}

  open(ws: WebSocket, socket: Socket, upgrade: AdmittedUpgrade): SocketConnection {
    const connection = this.create(ws, socket, upgrade);
    this.connections.add(connection);
    upgrade.leave();
    this.listen(ws, connection);
    this.attach(connection, upgrade).catch((error: unknown) => this.onFailed(connection, error));
    return connection;
  }

  private create(
    ws: WebSocket,
    socket: Socket,
    { request, path, principal }: AdmittedUpgrade,
  ): SocketConnection {
    const facts = {
      id: newId(this.clock.now()),
      path,
      principal,
      subprotocol: 'chat',
      userAgent: (request.headers['user-agent'] ?? '').slice(0, USER_AGENT_LIMIT),
      remoteAddress: request.remoteAddress,
      openedAtMs: this.clock.now(),
    } as const;
    return new SocketConnection(ws, socket, facts, {
      flushQueue: this.flushQueue,
      requests: this.requests,
      maxOutboxBytes: this.settings.maxOutboxBytes,
      monotonicMs: () => this.clock.monotonicMs(),
    });
  }

  private listen(ws: WebSocket, connection: SocketConnection): void {
    ws.on('message', (message, isBinary) => this.onMessage(connection, message as Buffer, isBinary));
    // `ws` closes by itself after an error of the peer's; the `close` event follows.
    ws.on('error', () => undefined);
    ws.on('close', (code, reason) => this.onClosed(connection, code, reason.toString()));
  }

  private onMessage(connection: SocketConnection, message: Buffer, isBinary: boolean): void {
    if (connection.isEnding) return;
    connection.vitals.lastFrameAtMs = this.clock.monotonicMs();
    if (isBinary) connection.close({ code: CLOSE.unsupportedData, reason: '' });
    else connection.inbox.push(message);
  }

  private async attach(connection: SocketConnection, { request }: AdmittedUpgrade): Promise<void> {
    const fields = await this.observers.attach(connection);
    if (connection.isEnding) return;
    connection.becomeReady(new OutboundFrame('ready', { ...this.readyFields(connection), ...fields }));
    this.observers.attached(connection);
    await this.lifecycle.connected(connection, request);
    if (!connection.isEnding) connection.inbox.open();
  }

  private readyFields({ id, principal, subprotocol }: SocketConnection): object {
    const { expiresAtMs } = principal;
    return {
      protocol: PROTOCOL,
      features: FEATURES,
      connectionId: id,
      sessionId: principal.sessionId,
      subprotocol,
      heartbeatMs: this.settings.heartbeatMs,
      maxFrameBytes: this.settings.maxFrameBytes,
      serverTime: this.clock.isoNow(),
      tokenExpiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    };
  }

  private onFailed(connection: SocketConnection, error: unknown): void {
    if (error instanceof ConnectionRefused) {
      connection.close(error.close);
      return;
    }
    this.errors.report(error, { connectionId: connection.id });
    connection.close({ code: CLOSE.internal, reason: '' });
  }

  private onClosed(connection: SocketConnection, code: number, reason: string): void {
    this.connections.remove(connection);
    connection.onClosed();
    const close = connection.closeReason ?? { code: code === 0 ? NO_CLOSE_FRAME : code, reason };
    this.observers.detached(connection, close);
    this.lifecycle.disconnected(connection, close);
  }
}
