import { Injectable } from '@nestjs/common';
import { forbidden, newId, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import type { User } from '../accounts/user.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';
import { REVOKED, SessionClosings } from './session-closings.js';
import { store as sessionsStore } from './sessions.store.js';

/** What a login or a refresh is answered with. */
export interface Grant {
  readonly user: User;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Life of the access token in seconds. */
  readonly expiresIn: number;
}

export interface Login {
  readonly user: User;
  /** The hash that the login was judged by. */
  readonly passwordHash: string;
  readonly userAgent: string;
}

const LONGEST_USER_AGENT = 256;

/** Opens sessions and gives out their tokens. */
@Injectable()
export class GrantsService {
  constructor(
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    private readonly refreshTokens: RefreshTokens,
    private readonly accessTokens: AccessTokens,
    private readonly closings: SessionClosings,
  ) {}

  /** `UNAUTHENTICATED` when the password has changed since the login was judged. */
  async open({ user, passwordHash, userAgent }: Login): Promise<Grant> {
    const { token, digest, nowMs, expiresAtMs } = this.refreshTokens.make();
    const sessionId = newId(nowMs);
    const isOpen = await this.sessions.open({
      id: sessionId,
      userId: user.id,
      userAgent: userAgent.slice(0, LONGEST_USER_AGENT),
      passwordHash,
      refreshDigest: digest,
      nowMs,
      expiresAtMs,
    });
    if (!isOpen) throw new RealtimeError('UNAUTHENTICATED', 'wrong username or password');
    const access = await this.accessTokens.grant({ userId: user.id, sessionId, generation: 1 });
    return { user, ...access, refreshToken: token };
  }

  /** Spends a refresh token. `UNAUTHENTICATED`: it is not valid, or was spent before; `FORBIDDEN`: suspended. */
  async refresh(refreshToken: string): Promise<Grant> {
    const next = this.refreshTokens.make();
    const outcome = await this.refreshTokens.spend(refreshToken, next);
    if (outcome.kind === 'suspended') throw forbidden('the user is suspended');
    if (outcome.kind === 'reused') {
      const { userId, sessionId } = outcome;
      this.closings.announce({ userId, sessionIds: [sessionId], close: REVOKED, exceptConnectionId: null });
    }
    if (outcome.kind !== 'refreshed') {
      throw new RealtimeError('UNAUTHENTICATED', 'the refresh token is not valid');
    }
    const { user, sessionId, generation } = outcome;
    const access = await this.accessTokens.grant({ userId: user.id, sessionId, generation });
    return { user, ...access, refreshToken: next.token };
  }
}
