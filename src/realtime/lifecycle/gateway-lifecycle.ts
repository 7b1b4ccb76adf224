import { Injectable } from '@nestjs/common';
import { CLOSE, type CloseReason } from '../connection/close.js';
import { type GatewayHooks, RouteTable } from '../dispatch/route-table.js';
import { ErrorReporter } from '../errors/error-reporter.js';
import type { UpgradeRequest } from '../upgrade/upgrade-request.js';
import type { SocketConnection } from '../sockets/socket-connection.js';

/** Calls `handleConnection` and `handleDisconnect` of gateways. */
@Injectable()
export class GatewayLifecycle {
  /** The greeting of each connection: for those that it reached, a farewell follows. */
  private readonly greetings = new WeakMap<SocketConnection, Promise<readonly GatewayHooks[]>>();

  constructor(
    private readonly routes: RouteTable,
    private readonly errors: ErrorReporter,
  ) {}

  /** One after another, awaited; a hook that throws closes the connection with 1011. */
  async connected(connection: SocketConnection, request: UpgradeRequest): Promise<void> {
    const hooks = this.routes.at(connection.path)?.hooks ?? [];
    if (hooks.length === 0 || connection.isEnding) return;
    const greeting = this.greet(hooks, connection, request);
    this.greetings.set(connection, greeting);
    await greeting;
  }

  /** A gateway's farewell comes after its greeting has ended, however early the client left. */
  disconnected(connection: SocketConnection, close: CloseReason): void {
    void this.greetings.get(connection)?.then(async (greeted) => {
      await Promise.all(greeted.map((hooks) => this.farewell(hooks, connection, close)));
    });
  }

  private async greet(
    hooks: readonly GatewayHooks[],
    connection: SocketConnection,
    request: UpgradeRequest,
  ): Promise<readonly GatewayHooks[]> {
    const greeted: GatewayHooks[] = [];
    for (const one of hooks) {
      if (connection.isEnding) break;
      greeted.push(one);
      try {
        await one.handleConnection?.(connection.facade, request);
      } catch (error) {
        this.errors.report(error, { connectionId: connection.id, hook: `${one.name}.handleConnection` });
        connection.close({ code: CLOSE.internal, reason: '' });
      }
    }
    return greeted;
  }

  private async farewell(
    { name, handleDisconnect }: GatewayHooks,
    connection: SocketConnection,
    close: CloseReason,
  ): Promise<void> {
    try {
      await handleDisconnect?.(connection.facade, close);
    } catch (error) {
      this.errors.report(error, { connectionId: connection.id, hook: `${name}.handleDisconnect` });
    }
  }
}
