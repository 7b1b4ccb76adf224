import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { store as sessionsStore } from './sessions.store.js';

const PERIOD_MS = 3_600_000;
/** A write transaction is not to hold up messages: some milliseconds. */
const BATCH = 200;

/** Deletes sessions and refresh tokens that ended a while ago. */
@Injectable()
export class SessionPurge implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(SessionPurge.name);
  #stop: Cancel | undefined;

  constructor(
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  onModuleInit(): void {
    this.#stop = this.clock.every(PERIOD_MS, () => void this.purge());
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }

  /** An access token may outlive its session's refresh token, and needs the session as long. */
  async purge(): Promise<void> {
    const endedBeforeMs = this.clock.now() - this.settings.accessTokenTtlS * 1_000 - PERIOD_MS;
    try {
      while ((await this.sessions.purge({ endedBeforeMs, limit: BATCH })) === BATCH);
    } catch (error) {
      this.#logger.warn({ msg: 'ended sessions were not deleted; the next round tries again', err: error });
    }
  }
}
