import { Inject, Injectable } from '@nestjs/common';
import { Clock, newId, notFound, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { isId } from '../accounts/names.js';
import type { User } from '../accounts/user.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { digestOf, newOpaqueToken } from '../tokens/opaque-token.js';
import { store as refreshTokensStore } from '../tokens/refresh-tokens.store.js';
import { LastSeen } from './last-seen.js';
import { LOGGED_OUT, REVOKED, SessionClosings } from './session-closings.js';
import { type SessionRef, type SessionRow, store as sessionsStore } from './sessions.store.js';

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

/** How long a spent refresh token is forgiven whose answer was never used. */
export const REFRESH_GRACE_MS = 60_000;

const LONGEST_USER_AGENT = 256;

/** Opens, prolongs and ends sessions. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    @InjectStore(refreshTokensStore) private readonly refreshTokens: Store<typeof refreshTokensStore>,
    private readonly accessTokens: AccessTokens,
    private readonly closings: SessionClosings,
    private readonly lastSeen: LastSeen,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  async open({ user, passwordHash, userAgent }: Login): Promise<Grant> {
    const nowMs = this.clock.now();
    const id = newId(nowMs);
    const refreshToken = newOpaqueToken();
    const isOpen = await this.sessions.open({
      id,
      userId: user.id,
      userAgent: userAgent.slice(0, LONGEST_USER_AGENT),
      passwordHash,
      refreshDigest: digestOf(refreshToken),
      nowMs,
      expiresAtMs: this.#refreshEnd(nowMs),
    });
    if (!isOpen) throw new RealtimeError('UNAUTHENTICATED', 'wrong username or password');
    return await this.#grant({ user, sessionId: id, generation: 1, refreshToken });
  }

  async refresh(refreshToken: string): Promise<Grant> {
    const nowMs = this.clock.now();
    const next = newOpaqueToken();
    const outcome = await this.refreshTokens.refresh({
      digest: digestOf(refreshToken),
      nextDigest: digestOf(next),
      nextExpiresAtMs: this.#refreshEnd(nowMs),
      nowMs,
      graceMs: REFRESH_GRACE_MS,
    });
    if (outcome.kind === 'refreshed') return await this.#grant({ ...outcome, refreshToken: next });
    if (outcome.kind === 'suspended') throw new RealtimeError('FORBIDDEN', 'the user is suspended');
    if (outcome.kind === 'reused') this.#close(outcome, REVOKED);
    throw new RealtimeError('UNAUTHENTICATED', 'the refresh token is not valid');
  }

  /** Ends a session by its own wish. `exceptConnectionId` is left to its caller to close. */
  async logOut({ userId, sessionId }: SessionRef, exceptConnectionId: string | null = null): Promise<void> {
    await this.sessions.revoke({ userId, sessionId, nowMs: this.clock.now() });
    this.#close({ userId, sessionId }, LOGGED_OUT, exceptConnectionId);
  }

  /** Ends one of the user's sessions; `NOT_FOUND` if it is nobody's or somebody else's. */
  async revoke(session: SessionRef, exceptConnectionId: string | null = null): Promise<void> {
    const { userId, sessionId } = session;
    const isTheirs =
      isId(sessionId) && (await this.sessions.revoke({ userId, sessionId, nowMs: this.clock.now() }));
    if (!isTheirs) throw notFound('session');
    this.#close(session, REVOKED, exceptConnectionId);
  }

  /** The user's living sessions, newest first. */
  async list(userId: string): Promise<SessionRow[]> {
    await this.lastSeen.flush();
    return await this.sessions.living({ userId, nowMs: this.clock.now() });
  }

  #close(
    { userId, sessionId }: SessionRef,
    close: typeof REVOKED,
    exceptConnectionId: string | null = null,
  ): void {
    this.closings.announce({ userId, sessionIds: [sessionId], close, exceptConnectionId });
  }

  #refreshEnd(nowMs: number): number {
    return nowMs + this.settings.refreshTokenTtlS * 1_000;
  }

  async #grant(given: {
    user: User;
    sessionId: string;
    generation: number;
    refreshToken: string;
  }): Promise<Grant> {
    const { user, sessionId, generation, refreshToken } = given;
    const accessToken = await this.accessTokens.sign({ userId: user.id, sessionId, generation });
    return { user, accessToken, refreshToken, expiresIn: this.settings.accessTokenTtlS };
  }
}
