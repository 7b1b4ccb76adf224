import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  type Cancel,
  Clock,
  type Connection,
  ConnectionRegistry,
  Rounds,
  TopicBus,
} from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { REVOKED, SUSPENDED } from '../sessions/session-closings.js';
import type { SessionRef } from '../sessions/sessions.store.js';
import { type Endings, store as endingsStore } from './endings.store.js';

const PERIOD_MS = 3_000;

/** Longer than a transaction may last: what a round does not see yet, because it is not committed, a later one does. */
const OVERLAP_MS = 15_000;

/** Whoever ends a session is answered first, and their own connection closes as the answer says. */
const SETTLE_MS = 1_000;

const SESSIONS_PER_READ = 1_000;

/**
 * Finds out from the store which of this node's connections are of sessions that have ended elsewhere, whatever the bus
 * does: every three seconds it asks for the endings of a stretch of the database's time, which overlaps the one before. After an
 * outage of the bus or of the store, and when the database's clock has gone back, it compares every session instead.
 *
 * A node that is alone hears of everything itself, and asks nothing.
 */
@Injectable()
export class EndingComparison implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(EndingComparison.name);
  readonly #rounds = new Rounds(
    async () => this.#compare(),
    (error) => this.#failed(error),
  );
  #cancelGap: Cancel | undefined;
  #mustCompareAll = true;
  /** The database's time of the last round. */
  #comparedAtMs = 0;
  #isFailing = false;

  constructor(
    @InjectStore(endingsStore) private readonly store: Store<typeof endingsStore>,
    private readonly connections: ConnectionRegistry,
    private readonly bus: TopicBus,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    if (!this.bus.isShared) return;
    this.#rounds.start(this.clock, PERIOD_MS);
    this.#cancelGap = this.bus.onGap(() => {
      this.#mustCompareAll = true;
      void this.#rounds.round();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#cancelGap?.();
    await this.#rounds.stop();
  }

  /** Compares now; resolves when that is done. */
  async compare(): Promise<void> {
    await this.#rounds.round();
  }

  async #compare(): Promise<void> {
    if (this.#mustCompareAll) await this.#compareAll();
    else await this.#compareSince(this.#comparedAtMs);
    this.#isFailing = false;
  }

  async #compareSince(beforeMs: number): Promise<void> {
    const endings = await this.store.within({ fromMs: beforeMs - OVERLAP_MS, settleMs: SETTLE_MS });
    this.#end(endings);
    // A clock that went back has given endings times that were over already.
    this.#mustCompareAll ||= endings.nowMs < beforeMs;
    this.#comparedAtMs = endings.nowMs;
  }

  async #compareAll(): Promise<void> {
    // Whoever asks for all meanwhile is given another round.
    this.#mustCompareAll = false;
    const sessions = this.#sessions();
    this.#comparedAtMs = await this.store.now();
    for (let start = 0; start < sessions.length; start += SESSIONS_PER_READ) {
      const some = sessions.slice(start, start + SESSIONS_PER_READ);
      this.#end(await this.store.among({ sessions: some, settleMs: SETTLE_MS }));
    }
  }

  /** The sessions that have connections here, once each. */
  #sessions(): SessionRef[] {
    const sessions = new Map<string, SessionRef>();
    for (const { principal } of this.connections.all()) sessions.set(principal.sessionId, principal);
    return [...sessions.values()].map(({ sessionId, userId }) => ({ sessionId, userId }));
  }

  #end({ sessions, suspended }: Endings): void {
    for (const userId of suspended) {
      for (const connection of this.connections.ofUser(userId)) connection.close(SUSPENDED);
    }
    for (const session of sessions) {
      for (const connection of this.connections.ofUser(session.userId)) {
        if (isOf(connection, session)) connection.close(REVOKED);
      }
    }
  }

  #failed(err: unknown): void {
    this.#mustCompareAll = true;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#logger.warn({ msg: 'ended sessions were not asked for; the next round asks for all', err });
  }
}

function isOf({ principal }: Connection, { sessionId }: SessionRef): boolean {
  return principal.sessionId === sessionId;
}
