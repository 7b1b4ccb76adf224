import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { CloseReason } from '../connection/close.js';
import type { Connection } from '../connection/connection.js';
import { type ConnectionObserver, ObservesConnections } from '../connection/connection-observer.js';
import { Traffic } from './traffic.js';

/** Tells the log, at level `debug`, of each connection's beginning and end, and counts the ends by their codes. */
@Injectable()
@ObservesConnections()
export class ConnectionRecords implements ConnectionObserver {
  private readonly logger = new Logger('Connection');

  constructor(
    private readonly clock: Clock,
    private readonly traffic: Traffic,
  ) {}

  attached({ id, principal, subprotocol, remoteAddress, userAgent }: Connection): void {
    const { userId, sessionId } = principal;
    this.logger.debug({
      msg: 'attached',
      connectionId: id,
      userId,
      sessionId,
      subprotocol,
      remoteAddress,
      userAgent,
    });
  }

  detached({ id, openedAtMs }: Connection, { code, reason }: CloseReason): void {
    this.traffic.closed(code);
    const openMs = this.clock.now() - openedAtMs;
    this.logger.debug({ msg: 'closed', connectionId: id, code, reason, openMs });
  }
}
