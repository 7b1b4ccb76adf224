import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, type Counter, type Histogram, Meters } from '../../../../realtime/index.js';
import { Database, InjectStore, type Store } from '../../../../storage/index.js';
import { appendStore, type Batch, type Deferred, type Outcome } from '../append/index.js';

type Calls = Store<typeof appendStore>;

/** The appends of a database. */
export interface Appends extends Pick<Calls, 'append'> {
  /** Appends to a database that other nodes append to at the same time. Default: none do. */
  readonly shared?: Pick<Calls, 'appendToFree' | 'send'> | undefined;
}

const COMMITS = {
  name: 'parley_commits_total',
  help: 'Transactions of appends, by outcome; failed: the database could not, or one change broke the batch.',
};
const CHANGES = {
  name: 'parley_changes_total',
  help: 'Changes of rooms that were decided in a commit, by outcome; stored ones include repeats that stored nothing.',
};
const MS_PER_SECOND = 1000;

/** The appends of the store, with their commits counted and timed. */
@Injectable()
export class MeasuredAppends implements Appends, OnModuleInit {
  private readonly durations: Histogram;
  private readonly sizes: Histogram;
  private readonly stored: Counter;
  private readonly failed: Counter;
  readonly shared: Appends['shared'];

  constructor(
    @InjectStore(appendStore) private readonly store: Store<typeof appendStore>,
    private readonly clock: Clock,
    private readonly meters: Meters,
    private readonly database: Database,
  ) {
    this.shared =
      database.dialect === 'sqlite'
        ? undefined
        : {
            appendToFree: async (batch) => this.measured(batch, async () => this.store.appendToFree(batch)),
            send: async (batch) => this.measured(batch, async () => this.store.send(batch)),
          };
    this.durations = meters.histogram({
      name: 'parley_commit_duration_seconds',
      help: 'Time from handing a batch of changes to the database until it is stored.',
      bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    });
    this.sizes = meters.histogram({
      name: 'parley_commit_changes',
      help: 'Changes in one commit.',
      bounds: [1, 2, 5, 10, 20, 50, 100, 256],
    });
    this.stored = meters.counter(COMMITS, { outcome: 'stored' });
    this.failed = meters.counter(COMMITS, { outcome: 'failed' });
  }

  async onModuleInit(): Promise<void> {
    await this.store.begin(this.database.life);
  }

  async append(batch: Parameters<Calls['append']>[0]): ReturnType<Calls['append']> {
    return await this.measured(batch, async () => this.store.append(batch));
  }

  private async measured<Done extends Outcome | Deferred>(
    { changes }: Pick<Batch, 'changes'>,
    commit: () => Promise<Done[]>,
  ): Promise<Done[]> {
    const beganMs = this.clock.monotonicMs();
    try {
      const outcomes = await commit();
      this.stored.add();
      for (const { outcome } of outcomes) {
        // It is counted when it is decided.
        if (outcome !== 'deferred') this.meters.counter(CHANGES, { outcome }).add();
      }
      return outcomes;
    } catch (error) {
      this.failed.add();
      throw error;
    } finally {
      this.sizes.observe(changes.length);
      this.durations.observe((this.clock.monotonicMs() - beganMs) / MS_PER_SECOND);
    }
  }
}
