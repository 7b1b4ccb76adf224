import { Injectable } from '@nestjs/common';
import { CLOSE, type CloseReason } from '../connection/close.js';
import { RouteTable } from '../dispatch/route-table.js';
import { ErrorReporter } from '../errors/error-reporter.js';
import type { UpgradeRequest } from '../upgrade/upgrade-request.js';
import type { SocketConnection } from './socket-connection.js';

/** Calls `handleConnection` and `handleDisconnect` of plain Nest gateways. */
@Injectable()
export class GatewayLifecycle {
  /** Connections whose `handleConnection` hooks have run, for those a `handleDisconnect` follows. */
  private readonly greeted = new WeakSet<SocketConnection>();

  constructor(
    private readonly routes: RouteTable,
    private readonly errors: ErrorReporter,
  ) {}

  /** One after another, awaited; a hook that throws closes the connection with 1011. */
  async connected(connection: SocketConnection, request: UpgradeRequest): Promise<void> {
    const hooks = this.routes.at(connection.path)?.hooks ?? [];
    if (hooks.length === 0) return;
    this.greeted.add(connection);
    for (const { name, handleConnection } of hooks) {
      try {
        await handleConnection?.(connection.facade, request);
      } catch (error) {
        this.errors.report(error, { connectionId: connection.id, hook: `${name}.handleConnection` });
        connection.close({ code: CLOSE.internal, reason: '' });
      }
    }
  }

  disconnected(connection: SocketConnection, close: CloseReason): void {
    if (!this.greeted.has(connection)) return;
    for (const { name, handleDisconnect } of this.routes.at(connection.path)?.hooks ?? []) {
      const where = { connectionId: connection.id, hook: `${name}.handleDisconnect` };
      Promise.resolve()
        .then(() => handleDisconnect?.(connection.facade, close))
        .catch((error: unknown) => this.errors.report(error, where));
    }
  }
}
