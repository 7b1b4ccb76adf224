import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { store as sessionsStore } from './sessions.store.js';

const FLUSH_PERIOD_MS = 2_000;
/** A write transaction is not to hold up messages: some tens of milliseconds. */
const BATCH = 500;

/** Writes behind when sessions were last seen: one transaction for many, and losing two seconds of it harms nobody. */
@Injectable()
export class LastSeen implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(LastSeen.name);
  #seen = new Map<string, number>();
  #stop: Cancel | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    @InjectStore(sessionsStore) private readonly sessions: Store<typeof sessionsStore>,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.#stop = this.clock.every(FLUSH_PERIOD_MS, () => {
      if (this.#seen.size > 0) void this.#flushLater();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop?.();
    await this.#flushLater();
  }

  note(sessionId: string): void {
    this.#seen.set(sessionId, this.clock.now());
  }

  /** Resolves when all that was noted before is stored. */
  async flush(): Promise<void> {
    this.#flushing = this.#flushing.then(
      () => this.#write(),
      () => this.#write(),
    );
    await this.#flushing;
  }

  async #write(): Promise<void> {
    const seen = [...this.#seen];
    this.#seen = new Map();
    for (let start = 0; start < seen.length; start += BATCH) {
      await this.sessions.touch(seen.slice(start, start + BATCH));
    }
  }

  /** What could not be stored just now is given up: the session's next sign of life is noted again. */
  async #flushLater(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.#logger.warn({ msg: 'the last signs of life of some sessions were not stored', err: error });
    }
  }
}
