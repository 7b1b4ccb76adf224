import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { type Rate, type RateLimit, RateLimits } from './rate-limits.js';

const MS_PER_SECOND = 1000;
/** Full buckets are forgotten once there are this many keys, so that memory follows the keys of the last moments. */
const SWEEP_ABOVE_KEYS = 10_000;
/** Sums of times of day and shares of seconds are off by less than this; a full bucket must give its last token. */
const ROUNDING_MS = 0.001;

/**
 * Token buckets in this process, as the generic cell rate algorithm (ITU-T I.371): a bucket is one number, the time at
 * which it would be full again.
 */
@Injectable()
export class MemoryRateLimits extends RateLimits {
  constructor(private readonly clock: Clock) {
    super();
  }

  open(_name: string, rate: Rate): RateLimit {
    return rate.perSecond === 0 ? { take: () => 0 } : new MemoryRateLimit(this.clock, rate);
  }
}

class MemoryRateLimit implements RateLimit {
  private readonly fullAtMs = new Map<string, number>();
  private readonly costMs: number;
  private readonly burstMs: number;
  private sweepAbove = SWEEP_ABOVE_KEYS;

  constructor(
    private readonly clock: Clock,
    { perSecond, burst }: Rate,
  ) {
    this.costMs = MS_PER_SECOND / perSecond;
    this.burstMs = burst * this.costMs;
  }

  take(key: string, cost = 1): number {
    const now = this.clock.monotonicMs();
    const fullAt = Math.max(this.fullAtMs.get(key) ?? now, now) + cost * this.costMs;
    const excessMs = fullAt - now - this.burstMs;
    if (excessMs > ROUNDING_MS) return Math.ceil(excessMs);
    this.fullAtMs.set(key, fullAt);
    if (this.fullAtMs.size > this.sweepAbove) this.sweep(now);
    return 0;
  }

  private sweep(now: number): void {
    for (const [key, fullAt] of this.fullAtMs) if (fullAt <= now) this.fullAtMs.delete(key);
    this.sweepAbove = Math.max(SWEEP_ABOVE_KEYS, 2 * this.fullAtMs.size);
  }
}
