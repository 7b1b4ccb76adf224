import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { SocketConnection } from '../sockets/socket-connection.js';
import type { AdmittedUpgrade } from '../upgrade/upgrade-pipeline.js';
import { ConnectionFactory } from './connection-factory.js';
import { Connections } from './connections.js';
import { GatewayLifecycle } from './gateway-lifecycle.js';
import { Observers } from './observers.js';

/** The code that stands for a socket that closed without a close frame. */
const NO_CLOSE_FRAME = 1006;

/** Makes a connection of a socket that was just upgraded: register, attach, `ready`, open for requests. */
@Injectable()
export class ConnectionOpener {
  constructor(
    private readonly connections: Connections,
    private readonly factory: ConnectionFactory,
    private readonly observers: Observers,
    private readonly gateways: GatewayLifecycle,
  ) {}

  open(ws: WebSocket, socket: Socket, upgrade: AdmittedUpgrade): SocketConnection {
    const connection = this.factory.create(ws, socket, upgrade);
    this.connections.add(connection);
    upgrade.leave();
    ws.on('message', (message, isBinary) => connection.receive(message as Buffer, isBinary));
    ws.on('ping', (payload) => connection.receivePing(payload));
    ws.on('pong', () => connection.receivePong());
    // `ws` closes by itself after an error of the peer's; the `close` event follows.
    ws.on('error', () => undefined);
    ws.on('close', (code, reason) => this.onClosed(connection, code, reason.toString()));
    void this.attach(connection, upgrade);
    return connection;
  }

  private async attach(connection: SocketConnection, { request }: AdmittedUpgrade): Promise<void> {
    const fields = await this.observers.attach(connection);
    if (fields === undefined || connection.isEnding) return;
    connection.becomeReady(this.factory.readyOf(connection, fields));
    this.observers.attached(connection);
    await this.gateways.connected(connection, request);
    if (!connection.isEnding) connection.inbox.open();
  }

  private onClosed(connection: SocketConnection, code: number, reason: string): void {
    this.connections.remove(connection);
    connection.onClosed();
    const close = connection.closeReason ?? { code: code === 0 ? NO_CLOSE_FRAME : code, reason };
    this.observers.detached(connection, close);
    this.gateways.disconnected(connection, close);
  }
}
