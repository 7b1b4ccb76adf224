import type { Rate } from './rate-limits.js';

const MS_PER_SECOND = 1000;
/** Sums of times of day and shares of seconds are off by less than this; a full bucket must give its last token. */
const ROUNDING_MS = 0.001;

/**
 * The generic cell rate algorithm (ITU-T I.371). A token bucket is one number, the time at which it would be full again:
 * whoever has buckets keeps that number for each, and this is the arithmetic of all.
 */
export class Gcra {
  private readonly costMs: number;
  private readonly burstMs: number;

  /** `rate.perSecond` is above 0. */
  constructor({ perSecond, burst }: Rate) {
    this.costMs = MS_PER_SECOND / perSecond;
    this.burstMs = burst * this.costMs;
  }

  /** When the bucket would be full again, had it given `cost` tokens now. A bucket that gave none is full at 0. */
  fullAtAfter(fullAtMs: number, nowMs: number, cost: number): number {
    return Math.max(fullAtMs, nowMs) + cost * this.costMs;
  }

  /** How long until those tokens are there: 0 when they are, else whole milliseconds. */
  waitMs(fullAtAfterMs: number, nowMs: number): number {
    const excessMs = fullAtAfterMs - nowMs - this.burstMs;
    return excessMs > ROUNDING_MS ? Math.ceil(excessMs) : 0;
  }
}
