import { Inject, Injectable } from '@nestjs/common';
import { CLOSE } from '../connection/close.js';
import { ConnectionRegistry } from '../connection/connection-registry.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import type { SocketConnection } from '../sockets/socket-connection.js';

const NONE: ReadonlySet<SocketConnection> = new Set();

/** The connections of this node, and the cap on each user's. */
@Injectable()
export class Connections extends ConnectionRegistry {
  private readonly byId = new Map<string, SocketConnection>();
  private readonly byUser = new Map<string, Set<SocketConnection>>();

  constructor(@Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings) {
    super();
  }

  get size(): number {
    return this.byId.size;
  }

  get(connectionId: string): SocketConnection | undefined {
    return this.byId.get(connectionId);
  }

  ofUser(userId: string): ReadonlySet<SocketConnection> {
    return this.byUser.get(userId) ?? NONE;
  }

  all(): Iterable<SocketConnection> {
    return this.byId.values();
  }

  userIds(): Iterable<string> {
    return this.byUser.keys();
  }

  /** Registers a connection; the user's oldest is closed when there are too many. */
  add(connection: SocketConnection): void {
    const { userId } = connection.principal;
    const own = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, own);
    this.byId.set(connection.id, connection);
    own.add(connection);
    if (own.size > this.settings.maxConnectionsPerUser) this.closeOldest(own);
  }

  private closeOldest(own: ReadonlySet<SocketConnection>): void {
    const open = [...own].filter((one) => !one.isEnding);
    const excess = open.length - this.settings.maxConnectionsPerUser;
    for (const oldest of open.slice(0, Math.max(0, excess)))
      oldest.close({ code: CLOSE.replaced, reason: '' });
  }

  remove(connection: SocketConnection): void {
    const { userId } = connection.principal;
    this.byId.delete(connection.id);
    const own = this.byUser.get(userId);
    own?.delete(connection);
    if (own?.size === 0) this.byUser.delete(userId);
  }
}
