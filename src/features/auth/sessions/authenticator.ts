import { Injectable } from '@nestjs/common';
import { Clock, forbidden, type Principal, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { ForeignSessions } from '../foreign/foreign-sessions.service.js';
import { AccessTokens, type VerifiedToken } from '../tokens/access-tokens.js';
import { REFRESH_GRACE_MS } from '../tokens/refresh-tokens.js';
import { TicketsService } from '../tickets/tickets.service.js';
import { NEVER_MS } from './session-end.js';
import { store as sessionsStore, type Standing } from './sessions.store.js';

/** Who is behind a credential whose session lives. */
export interface Identity {
  readonly principal: Principal;
  readonly isSuspended: boolean;
}

/** Finds out who is behind a credential. Every call reads the session in the store: a revocation counts at once. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly tickets: TicketsService,
    private readonly foreign: ForeignSessions,
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
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
    if (this.foreign.judges(token)) return await this.foreign.identify(token);
    const verified = await this.accessTokens.verify(token);
    const standing = await this.#standing(verified.sessionId);
    if (standing.user.id !== verified.userId) throw unauthenticated();
    await this.#noteUse(verified, standing);
    const { userId, sessionId, expiresAtMs } = verified;
    return { principal: { userId, sessionId, expiresAtMs }, isSuspended: standing.isSuspended };
  }

  /** Spends a ticket. */
  async redeem(ticket: string): Promise<Identity> {
    const principal = await this.tickets.redeem(ticket);
    if (!principal) throw unauthenticated();
    const { expiresAtMs, leewayMs = 0 } = principal;
    if (expiresAtMs !== null && expiresAtMs + leewayMs <= this.clock.now()) throw unauthenticated();
    const { isSuspended } = await this.#standing(principal.sessionId);
    return { principal, isSuspended };
  }

  /**
   * Judges whom a team's own credential names as any other: its session lives (`UNAUTHENTICATED`), and the connection
   * ends no later than the session does.
   */
  async confirm({ userId, sessionId, expiresAtMs }: Principal): Promise<Identity> {
    const { user, isSuspended, expiresAtMs: sessionEndMs } = await this.#standing(sessionId);
    const endMs = Math.min(expiresAtMs ?? NEVER_MS, sessionEndMs);
    if (user.id !== userId || endMs <= this.clock.now()) throw unauthenticated();
    return { principal: { userId, sessionId, expiresAtMs: endMs === NEVER_MS ? null : endMs }, isSuspended };
  }

  async #standing(sessionId: string): Promise<Standing> {
    const standing = await this.sessions.standing(sessionId);
    if (!standing || standing.isRevoked) throw unauthenticated();
    return standing;
  }

  /**
   * The first use of an access token shows that the answer of its refresh has arrived. It is stored before the use
   * counts, so that no restart forgets it; once per refresh, and only while the spent token could be forgiven at all.
   */
  async #noteUse({ sessionId, generation }: VerifiedToken, { unusedAnswer }: Standing): Promise<void> {
    if (unusedAnswer === null || generation <= unusedAnswer.parentGeneration) return;
    if (Math.abs(this.clock.now() - unusedAnswer.spentAtMs) >= REFRESH_GRACE_MS) return;
    await this.sessions.markAnswerUsed({ sessionId, generation });
  }
}

function unauthenticated(): RealtimeError {
  return new RealtimeError('UNAUTHENTICATED', 'the credential is not valid');
}
