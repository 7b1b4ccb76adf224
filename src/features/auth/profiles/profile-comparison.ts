import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, Rounds, TopicBus } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { store as profilesStore } from './profiles.store.js';
import { UserChanges } from './user-changes.js';

const PERIOD_MS = 3_000;

/** Longer than a transaction may last: what a round does not see yet, because it is not committed, a later one does. */
const OVERLAP_MS = 15_000;

/**
 * Finds out from the store whose profiles have changed elsewhere, whatever the bus does: every three seconds it asks for the
 * changes of a stretch of the database's time, which overlaps the one before. A node that is alone asks nothing.
 */
@Injectable()
export class ProfileComparison implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(ProfileComparison.name);
  readonly #rounds = new Rounds(
    async () => this.#compare(),
    (error) => this.#failed(error),
  );
  /** The database's time of the last round. */
  #comparedAtMs: number | null = null;
  /** The changes that the last round has told of, by user: they are seen again while the stretches overlap. */
  #told: ReadonlyMap<string, number> = new Map();
  #isFailing = false;

  constructor(
    @InjectStore(profilesStore) private readonly store: Store<typeof profilesStore>,
    private readonly changes: UserChanges,
    private readonly bus: TopicBus,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    if (this.bus.isShared) this.#rounds.start(this.clock, PERIOD_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Compares now; resolves when that is done. */
  async compare(): Promise<void> {
    await this.#rounds.round();
  }

  async #compare(): Promise<void> {
    const { nowMs, changes } = await this.store.changed({
      sinceMs: this.#comparedAtMs,
      overlapMs: OVERLAP_MS,
    });
    const told = this.#told;
    this.#told = new Map(changes.map(({ userId, changedAtMs }) => [userId, changedAtMs]));
    this.#comparedAtMs = nowMs;
    this.#isFailing = false;
    for (const [userId, changedAtMs] of this.#told) {
      if (told.get(userId) !== changedAtMs) this.changes.hear(userId);
    }
  }

  #failed(err: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#logger.warn({ msg: 'changed profiles were not asked for; the next round asks for all since', err });
  }
}
