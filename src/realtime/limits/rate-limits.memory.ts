import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { Counter } from '../metrics/instruments.js';
import { Meters } from '../metrics/meters.js';
import { rateRefusals } from '../metrics/rate-refusals.js';
import { Gcra } from './gcra.js';
import { type Rate, type RateLimit, RateLimits } from './rate-limits.js';

/** Full buckets are forgotten once there are this many keys, so that memory follows the keys of the last moments. */
const SWEEP_ABOVE_KEYS = 10_000;

/** Token buckets in this process. */
@Injectable()
export class MemoryRateLimits extends RateLimits {
  constructor(
    private readonly clock: Clock,
    private readonly meters: Meters,
  ) {
    super();
  }

  open(name: string, rate: Rate): RateLimit {
    const refusals = rateRefusals(this.meters, name);
    return rate.perSecond === 0 ? { take: () => 0 } : new MemoryRateLimit(this.clock, rate, refusals);
  }
}

class MemoryRateLimit implements RateLimit {
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
    this.fullAtMs.set(key, fullAt);
    if (this.fullAtMs.size > this.sweepAbove) this.sweep(now);
    return 0;
  }

  private sweep(now: number): void {
    for (const [key, fullAt] of this.fullAtMs) if (fullAt <= now) this.fullAtMs.delete(key);
    this.sweepAbove = Math.max(SWEEP_ABOVE_KEYS, 2 * this.fullAtMs.size);
  }
}
