import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Clock, Rounds, TopicBus } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { roomChannel, type RoomDropped } from '../log/index.js';
import type { LowEnd } from './dropped-marks.store.js';
import { type DueRooms, store as retentionStore } from './retention.store.js';

const DAY_MS = 86_400_000;

/** How long an event is kept beyond its time at most, while the store can be reached. */
const PERIOD_MS = 600_000;

/** Rooms whose oldest events are looked at in one read. */
const ROOMS_PER_READ = 500;

/** Rows of one transaction, for which an append that arrives meanwhile waits. To take words out of the index is most of it. */
const ROWS_PER_WRITE = 50;

/**
 * Drops events that are older than the retention, at the start and every ten minutes. Each transaction drops a little,
 * and appends come in between; a stop or a crash between two of them leaves the rest to the next sweep.
 */
@Injectable()
export class RetentionSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Retention');
  private readonly rounds = new Rounds(
    async () => this.dropAll(),
    (err) => {
      this.logger.warn({ msg: 'old events were not dropped; the next sweep tries again', err });
    },
  );

  constructor(
    @InjectStore(retentionStore) private readonly store: Store<typeof retentionStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly bus: TopicBus,
    private readonly clock: Clock,
  ) {}

  /** Not before: what is dropped is taken out of an index that other hooks of the start bring up to date. */
  onApplicationBootstrap(): void {
    if (this.settings.retentionDays === 0) return;
    this.rounds.start(this.clock, PERIOD_MS);
    void this.sweep();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** Drops all that is due now; one sweep at a time. */
  async sweep(): Promise<void> {
    await this.rounds.round();
  }

  private async dropAll(): Promise<void> {
    const beforeMs = this.clock.now() - this.settings.retentionDays * DAY_MS;
    let events = 0;
    for (let after: string | null = ''; after !== null && !this.rounds.isStopped;) {
      const page: DueRooms = await this.store.dueRooms({ after, limit: ROOMS_PER_READ, beforeMs });
      events += await this.dropFrom(page.roomIds, beforeMs);
      after = page.next;
    }
    if (events > 0) {
      this.logger.log(`dropped ${events} events older than ${this.settings.retentionDays} days`);
    }
  }

  private async dropFrom(due: readonly string[], beforeMs: number): Promise<number> {
    let events = 0;
    for (let roomIds = due; roomIds.length > 0 && !this.rounds.isStopped;) {
      const nowMs = this.clock.now();
      const { lowEnds, left } = await this.store.drop({ roomIds, beforeMs, nowMs, budget: ROWS_PER_WRITE });
      for (const lowEnd of lowEnds) events += this.tell(lowEnd);
      roomIds = left;
    }
    return events;
  }

  /** Nodes have the last events of their rooms in memory. Gives how many were dropped. */
  private tell({ roomId, from, until }: LowEnd): number {
    this.bus.publish(roomChannel(roomId), { dropped: { from, until } } satisfies RoomDropped);
    return until + 1 - from;
  }
}
