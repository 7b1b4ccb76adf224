import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, Rounds } from '../../../realtime/index.js';
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
  readonly #rounds = new Rounds(
    async () => this.#purgeAll(),
    (err) => {
      this.#logger.warn({ msg: 'ended sessions were not deleted; the next round tries again', err });
    },
  );

  constructor(
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  onModuleInit(): void {
    this.#rounds.start(this.clock, PERIOD_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Deletes all that are due now. */
  async purge(): Promise<void> {
    await this.#rounds.round();
  }

  /** An access token may outlive its session's refresh token, and needs the session as long. */
  async #purgeAll(): Promise<void> {
    const endedBeforeMs = this.clock.now() - this.settings.accessTokenTtlS * 1_000 - PERIOD_MS;
    let deleted = BATCH;
    while (deleted === BATCH && !this.#rounds.isStopped) {
      deleted = await this.sessions.purge({ endedBeforeMs, limit: BATCH });
    }
  }
}
