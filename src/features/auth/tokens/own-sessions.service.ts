import { Injectable } from '@nestjs/common';
import { Clock, type Principal, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { type Standing, store as sessionsStore } from '../sessions/sessions.store.js';
import { type Seen, Standings } from '../sessions/standings.js';
import { AccessTokens, type VerifiedToken } from './access-tokens.js';
import { REFRESH_GRACE_MS } from './refresh-tokens.js';

/** Knows who is behind the access tokens that this service has signed. */
@Injectable()
export class OwnSessions {
  constructor(
    private readonly accessTokens: AccessTokens,
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    private readonly standings: Standings,
    private readonly clock: Clock,
  ) {}

  /** `UNAUTHENTICATED`: the token or its session is not valid. */
  async identify(token: string): Promise<{ principal: Principal; isSuspended: boolean }> {
    const verified = await this.accessTokens.verify(token);
    const standing = await this.living(verified.sessionId);
    if (standing.user.id !== verified.userId) throw unauthenticated();
    await this.#noteUse(verified, standing);
    const { userId, sessionId, expiresAtMs } = verified;
    return this.vouch({ userId, sessionId, expiresAtMs }, standing);
  }

  /** The principal as one whose session was seen; it is not looked at again while nothing happens to the user. */
  vouch(principal: Principal, seen: Seen): { principal: Principal; isSuspended: boolean } {
    this.standings.keep(principal, seen);
    return { principal, isSuspended: seen.isSuspended };
  }

  /** What is stored of a session, whoever vouches for it; `UNAUTHENTICATED` if it is no more. */
  async living(sessionId: string): Promise<Seen> {
    return alive(await this.standings.of(sessionId));
  }

  /** As `living`, of one who may have been judged a moment ago. */
  async stillLiving(principal: Principal): Promise<Seen> {
    return alive(await this.standings.still(principal));
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

function alive(seen: Seen | undefined): Seen {
  if (!seen || seen.isRevoked) throw unauthenticated();
  return seen;
}

function unauthenticated(): RealtimeError {
  return new RealtimeError('UNAUTHENTICATED', 'the credential is not valid');
}
