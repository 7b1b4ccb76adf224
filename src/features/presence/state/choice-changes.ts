import type { Clock } from '../../../realtime/index.js';

/** Choices are found that were made no longer ago, in the database's time: more than a transaction may last. */
export const CHANGES_WINDOW_MS = 15_000;
/** Looking again after no longer than this leaves no gap. */
const LONGEST_GAP_MS = 8_000;

/** Finds the choices that the bus did not tell of, by asking the store again and again for the newest. */
export class ChoiceChanges {
  private lookedAtMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly changedWithin: (windowMs: number) => Promise<readonly string[]>,
  ) {
    this.lookedAtMs = clock.monotonicMs();
  }

  /** Whose choice has, or may have, changed since the last look; `all` when that was too long ago. */
  async look(): Promise<readonly string[] | 'all'> {
    const startMs = this.clock.monotonicMs();
    const hasGap = startMs - this.lookedAtMs > LONGEST_GAP_MS;
    const changed = await this.changedWithin(CHANGES_WINDOW_MS);
    this.lookedAtMs = startMs;
    return hasGap ? 'all' : changed;
  }
}
