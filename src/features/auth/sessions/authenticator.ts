import { Injectable } from '@nestjs/common';
import { Clock, forbidden, type Principal, RealtimeError } from '../../../realtime/index.js';
import { ForeignSessions } from '../foreign/foreign-sessions.service.js';
import { OwnSessions } from '../tokens/own-sessions.service.js';
import { TicketsService } from '../tickets/tickets.service.js';
import { NEVER_MS } from './session-end.js';

/** Who is behind a credential whose session lives. */
export interface Identity {
  readonly principal: Principal;
  readonly isSuspended: boolean;
}

/**
 * Finds out who is behind a credential. A revocation counts at once: every call reads the session in the store, but for the
 * ticket of a session that was read on this node when the ticket was made, to whose user nothing has happened since.
 */
@Injectable()
export class Authenticator {
  constructor(
    private readonly own: OwnSessions,
    private readonly foreign: ForeignSessions,
    private readonly tickets: TicketsService,
    private readonly clock: Clock,
  ) {}

  /** The principal of an access token. `UNAUTHENTICATED`: token or session is not valid; `FORBIDDEN`: suspended. */
  async byAccessToken(token: string): Promise<Principal> {
    const { principal, isSuspended } = await this.identify(token);
    if (isSuspended) throw forbidden('the user is suspended');
    return principal;
  }

  /** As `byAccessToken`, leaving the suspension to the caller. */
  async identify(token: string): Promise<Identity> {
    return await (this.foreign.judges(token) ? this.foreign : this.own).identify(token);
  }

  /** Spends a ticket. */
  async redeem(ticket: string): Promise<Identity> {
    const principal = await this.tickets.redeem(ticket);
    if (!principal) throw unauthenticated();
    const { expiresAtMs, leewayMs = 0 } = principal;
    if (expiresAtMs !== null && expiresAtMs + leewayMs <= this.clock.now()) throw unauthenticated();
    const seen = await this.own.stillLiving(principal);
    return this.own.vouch(principal, seen);
  }

  /**
   * Judges whom a team's own credential names as any other: its session lives (`UNAUTHENTICATED`), and the connection
   * ends no later than the session does.
   */
  async confirm({ userId, sessionId, expiresAtMs }: Principal): Promise<Identity> {
    const seen = await this.own.living(sessionId);
    const { user, expiresAtMs: sessionEndMs } = seen;
    const endMs = Math.min(expiresAtMs ?? NEVER_MS, sessionEndMs);
    if (user.id !== userId || endMs <= this.clock.now()) throw unauthenticated();
    return this.own.vouch({ userId, sessionId, expiresAtMs: endMs === NEVER_MS ? null : endMs }, seen);
  }
}

function unauthenticated(): RealtimeError {
  return new RealtimeError('UNAUTHENTICATED', 'the credential is not valid');
}
