import type { Clock } from '../clock/clock.js';
import type { Counter } from '../metrics/instruments.js';
import { Gcra } from './gcra.js';
import type { Rate, RateLimit } from './rate-limits.js';

/** Full buckets are forgotten once there are this many keys, so that memory follows the keys of the last moments. */
const SWEEP_ABOVE_KEYS = 10_000;

/** The buckets of one family in this process, a number a key. */
export class TokenBuckets implements RateLimit {
  private readonly fullAtMs = new Map<string, number>();
  private readonly gcra: Gcra;
  private sweepAbove = SWEEP_ABOVE_KEYS;

  constructor(
    private readonly clock: Clock,
    rate: Rate,
    private readonly refusals: Counter,
  ) {
    this.gcra = new Gcra(rate);
  }

  take(key: string, cost = 1): number {
    const now = this.clock.monotonicMs();
    const fullAt = this.gcra.fullAtAfter(this.fullAtMs.get(key) ?? 0, now, cost);
    const waitMs = this.gcra.waitMs(fullAt, now);
    if (waitMs > 0) {
      this.refusals.add();
      return waitMs;
    }
    this.keep(key, fullAt, now);
    return 0;
  }

  /** How long it takes to fill a bucket by so many tokens. */
  fillMs(cost: number): number {
    return this.gcra.fullAtAfter(0, 0, cost);
  }

  /** Takes note of what others have taken: the bucket will be full in `ms` at the earliest. */
  fullIn(key: string, ms: number): void {
    const now = this.clock.monotonicMs();
    this.keep(key, Math.max(this.fullAtMs.get(key) ?? 0, now + ms), now);
  }

  private keep(key: string, fullAt: number, now: number): void {
    this.fullAtMs.set(key, fullAt);
    if (this.fullAtMs.size > this.sweepAbove) this.sweep(now);
  }

  private sweep(now: number): void {
    for (const [key, fullAt] of this.fullAtMs) if (fullAt <= now) this.fullAtMs.delete(key);
    this.sweepAbove = Math.max(SWEEP_ABOVE_KEYS, 2 * this.fullAtMs.size);
  }
}
