import { Injectable } from '@nestjs/common';
import {
  type Connection,
  type ConnectionObserver,
  ConnectionRefused,
  ObservesConnections,
  type ReadyFields,
} from '../../../realtime/index.js';
import { LastSeen } from './last-seen.js';
import { REVOKED, SUSPENDED } from './session-closings.js';
import { Standings } from './standings.js';
import { TokenEnds } from './token-ends/token-ends.js';

/** Keeps a connection only as long as its session, its user and its token allow. */
@ObservesConnections()
@Injectable()
export class SessionObserver implements ConnectionObserver {
  constructor(
    private readonly standings: Standings,
    private readonly tokenEnds: TokenEnds,
    private readonly lastSeen: LastSeen,
  ) {}

  async attach({ principal }: Connection): Promise<ReadyFields> {
    const standing = await this.standings.still(principal);
    if (!standing || standing.isRevoked) throw new ConnectionRefused(REVOKED);
    if (standing.isSuspended) throw new ConnectionRefused(SUSPENDED);
    return { user: standing.user };
  }

  attached(connection: Connection): void {
    this.lastSeen.note(connection.principal.sessionId);
    this.tokenEnds.watch(connection);
  }

  detached(connection: Connection): void {
    this.lastSeen.note(connection.principal.sessionId);
    this.tokenEnds.forget(connection);
  }
}
