import { Injectable } from '@nestjs/common';
import {
  CLOSE,
  type CloseReason,
  type Connection,
  forbidden,
  RealtimeError,
  type UserActor,
} from '../../../realtime/index.js';
import type { User } from '../accounts/user.js';
import { Users } from '../accounts/users.js';
import { Authenticator } from './authenticator.js';
import { REVOKED } from './session-closings.js';
import { SessionsService } from './sessions.service.js';
import { tokenEnd } from './token-ends/token-end.js';
import { TokenEnds } from './token-ends/token-ends.js';

/** `auth.whoami`. */
export interface ConnectionSession {
  readonly user: User;
  readonly sessionId: string;
  readonly connectionId: string;
  readonly tokenExpiresAt: string | null;
}

/** One entry of `auth.sessions`. */
export interface ListedSession {
  readonly id: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly userAgent: string;
  readonly current: boolean;
}

const LOGGED_OUT_HERE: CloseReason = { code: CLOSE.normal, reason: '' };

/** What a connection may ask about its own session, and do with it. */
@Injectable()
export class ConnectionSessions {
  constructor(
    private readonly sessions: SessionsService,
    private readonly authenticator: Authenticator,
    private readonly tokenEnds: TokenEnds,
    private readonly users: Users,
  ) {}

  async describe({ id, principal }: Connection): Promise<ConnectionSession> {
    const { userId, sessionId, expiresAtMs } = principal;
    const [user] = await this.users.byIds([userId]);
    if (!user) throw new RealtimeError('UNAUTHENTICATED', 'the user is gone');
    return { user, sessionId, connectionId: id, tokenExpiresAt: tokenEnd(expiresAtMs) };
  }

  /**
   * Prolongs the connection by a newer token of its session and returns its end. `UNAUTHENTICATED`: the token or its
   * session is not valid; `FORBIDDEN`: it is another user's or session's. One that ends sooner than the present one
   * changes nothing.
   */
  async prolong(connection: Connection, accessToken: string): Promise<string | null> {
    const { userId, sessionId, expiresAtMs } = await this.authenticator.byAccessToken(accessToken);
    const present = connection.principal;
    if (userId !== present.userId || sessionId !== present.sessionId) {
      throw forbidden('the token belongs to another session');
    }
    if (isLater(expiresAtMs, present.expiresAtMs)) {
      connection.prolong(expiresAtMs);
      this.tokenEnds.watch(connection);
    }
    return tokenEnd(connection.principal.expiresAtMs);
  }

  async list({ userId, sessionId }: UserActor): Promise<ListedSession[]> {
    const sessions = await this.sessions.list(userId);
    return sessions.map(({ id, createdAtMs, lastSeenAtMs, userAgent }) => ({
      id,
      createdAt: new Date(createdAtMs).toISOString(),
      lastSeenAt: new Date(lastSeenAtMs).toISOString(),
      userAgent,
      current: id === sessionId,
    }));
  }

  /** Ends one of the user's sessions; this connection, if it is of that session, after its reply. */
  async revoke(connection: Connection, sessionId: string): Promise<void> {
    const { userId } = connection.principal;
    await this.sessions.revoke({ userId, sessionId }, connection.id);
    if (sessionId === connection.principal.sessionId) connection.closeOnceAnswered(REVOKED);
  }

  /** Ends the session; this connection after its reply, its other ones at once. */
  async logOut(connection: Connection): Promise<void> {
    await this.sessions.logOut(connection.principal, connection.id);
    connection.closeOnceAnswered(LOGGED_OUT_HERE);
  }
}

function isLater(endMs: number | null, presentMs: number | null): boolean {
  if (presentMs === null) return false;
  return endMs === null || endMs > presentMs;
}
