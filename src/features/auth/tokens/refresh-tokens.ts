import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { digestOf, newOpaqueToken } from './opaque-token.js';
import { type RefreshOutcome, store as definition } from './refresh-tokens.store.js';

/** A new refresh token, and what is to be stored of it. */
export interface NewRefreshToken {
  readonly token: string;
  readonly digest: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

/** How long a spent refresh token is forgiven whose answer was never used. */
export const REFRESH_GRACE_MS = 60_000;

/** Makes and spends refresh tokens. */
@Injectable()
export class RefreshTokens {
  constructor(
    @InjectStore(definition) private readonly store: Store<typeof definition>,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  make(): NewRefreshToken {
    const token = newOpaqueToken();
    const nowMs = this.clock.now();
    const expiresAtMs = nowMs + this.settings.refreshTokenTtlS * 1_000;
    return { token, digest: digestOf(token), nowMs, expiresAtMs };
  }

  /** Spends `token` for `next`, or says why not. */
  async spend(token: string, next: NewRefreshToken): Promise<RefreshOutcome> {
    return await this.store.refresh({
      digest: digestOf(token),
      nextDigest: next.digest,
      nextExpiresAtMs: next.expiresAtMs,
      nowMs: next.nowMs,
      graceMs: REFRESH_GRACE_MS,
    });
  }
}
