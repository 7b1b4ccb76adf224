import { Injectable } from '@nestjs/common';
import { Clock, type Counter, type Histogram, Meters } from '../../../../realtime/index.js';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { appendStore } from '../append/index.js';

type Appends = Pick<Store<typeof appendStore>, 'append'>;
type Batch = Parameters<Appends['append']>[0];
type Outcomes = Awaited<ReturnType<Appends['append']>>;

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
export class MeasuredAppends implements Appends {
  private readonly durations: Histogram;
  private readonly sizes: Histogram;
  private readonly stored: Counter;
  private readonly failed: Counter;

  constructor(
    @InjectStore(appendStore) private readonly store: Store<typeof appendStore>,
    private readonly clock: Clock,
    private readonly meters: Meters,
  ) {
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

  async append(batch: Batch): Promise<Outcomes> {
    const beganMs = this.clock.monotonicMs();
    try {
      const outcomes = await this.store.append(batch);
      this.stored.add();
      for (const { outcome } of outcomes) this.meters.counter(CHANGES, { outcome }).add();
      return outcomes;
    } catch (error) {
      this.failed.add();
      throw error;
    } finally {
      this.sizes.observe(batch.changes.length);
      this.durations.observe((this.clock.monotonicMs() - beganMs) / MS_PER_SECOND);
    }
  }
}
