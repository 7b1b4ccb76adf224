import { Injectable } from '@nestjs/common';
import { Clock, newId, type Principal, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { foldDisplayName } from '../accounts/names.js';
import { UserChanges } from '../profiles/user-changes.js';
import { displayNameFor, usernamesFor } from './foreign-names.js';
import { type KnownForeigner, store as definition } from './foreign-sessions.store.js';
import { FOREIGN_LEEWAY_MS, type ForeignToken, ForeignTokens, OLDEST_TOKEN_MS } from './foreign-tokens.js';

/** Who is behind a foreign token whose session lives. */
export interface Foreigner {
  readonly principal: Principal;
  readonly isSuspended: boolean;
}

/** Knows the users of the foreign issuer, and makes them at first sight. */
@Injectable()
export class ForeignSessions {
  constructor(
    private readonly tokens: ForeignTokens,
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly changes: UserChanges,
    private readonly clock: Clock,
  ) {}

  /** Whether this is the judge of such a token. */
  judges(token: string): boolean {
    return this.tokens.claims(token);
  }

  /**
   * `UNAUTHENTICATED`: the token or its session is not valid; `UNAVAILABLE`: the issuer's key cannot be had just now. One read of
   * the store, and one write for each new token.
   */
  async identify(text: string): Promise<Foreigner> {
    const token = await this.tokens.verify(text);
    const known = await this.store.known(token);
    const isSeen = known && known.issuedAtMs !== null && known.issuedAtMs >= token.issuedAtMs;
    const { user, isSuspended } = isSeen ? living(known, token) : await this.#admit(token);
    const { sessionId, expiresAtMs } = token;
    const principal = { userId: user.id, sessionId, expiresAtMs, leewayMs: FOREIGN_LEEWAY_MS };
    return { principal, isSuspended };
  }

  async #admit({ username, displayName: claim, ...token }: ForeignToken) {
    const nowMs = this.clock.now();
    const displayName = displayNameFor(claim);
    const admission = await this.store.admit({
      ...token,
      nowMs,
      keepUntilMs: nowMs + OLDEST_TOKEN_MS,
      newUserId: newId(nowMs),
      usernames: usernamesFor(username),
      displayName,
      foldedName: foldDisplayName(displayName ?? ''),
    });
    if (!admission) throw ended();
    if (admission.isRenamed) this.changes.announce(admission.user.id);
    return admission;
  }
}

function living(known: KnownForeigner, { issuedAtMs }: ForeignToken): KnownForeigner {
  if (known.isRevoked || issuedAtMs <= known.issuedAfterMs) throw ended();
  return known;
}

function ended(): RealtimeError {
  return new RealtimeError('UNAUTHENTICATED', 'the credential is not valid');
}
