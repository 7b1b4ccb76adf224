import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Clock } from '../clock/clock.js';
import type { RateLimits } from './rate-limits.js';

/** A clock that the cases move on. */
export interface MovableClock extends Clock {
  advance(ms: number): Promise<void>;
}

export interface RateLimitsUnderTest {
  readonly limits: RateLimits;
  readonly clock: MovableClock;
}

/** Times and buckets as odd as they come: shares of milliseconds, and rates that divide no second. */
const moments = fc.array(fc.double({ min: 0, max: 3000, noNaN: true }), { minLength: 1, maxLength: 40 });
const rates = fc.record({
  perSecond: fc.double({ min: 0.1, max: 200, noNaN: true }),
  burst: fc.integer({ min: 1, max: 50 }),
});

/** What every implementation of `RateLimits` does. */
export function describeRateLimits(name: string, open: () => RateLimitsUnderTest): void {
  describe(`rate limits in ${name}`, () => {
    let limits: RateLimits;
    let clock: MovableClock;

    beforeEach(() => {
      ({ limits, clock } = open());
    });

    it('give a burst at once, then tell when the next token is there', async () => {
      const limit = limits.open('burst', { perSecond: 2, burst: 3 });
      expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0]);
      expect(limit.take('a')).toBe(500);
      await clock.advance(499);
      expect(limit.take('a')).toBe(1);
      await clock.advance(1);
      expect(limit.take('a')).toBe(0);
    });

    it('keep a bucket a key', () => {
      const limit = limits.open('keys', { perSecond: 1, burst: 1 });
      expect([limit.take('a'), limit.take('b')]).toEqual([0, 0]);
      expect(limit.take('a')).toBeGreaterThan(0);
    });

    it('keep families apart', () => {
      const rate = { perSecond: 1, burst: 1 };
      const [one, other] = [limits.open('one', rate), limits.open('other', rate)];
      expect([one.take('a'), other.take('a')]).toEqual([0, 0]);
    });

    it('take a cost whole or not at all', () => {
      const limit = limits.open('cost', { perSecond: 1, burst: 5 });
      expect(limit.take('a', 4)).toBe(0);
      expect(limit.take('a', 2)).toBe(1000);
      expect(limit.take('a', 1)).toBe(0);
    });

    it('hold no more than the burst, however long nothing was taken', async () => {
      const limit = limits.open('idle', { perSecond: 10, burst: 2 });
      await clock.advance(3_600_000);
      expect([limit.take('a'), limit.take('a')]).toEqual([0, 0]);
      expect(limit.take('a')).toBeGreaterThan(0);
    });

    it('have no limit at a rate of 0', () => {
      const limit = limits.open('off', { perSecond: 0, burst: 0 });
      expect(Array.from({ length: 1000 }, () => limit.take('a')).every((wait) => wait === 0)).toBe(true);
    });

    it('never give more than burst + rate × time, and keep what they promise', async () => {
      let family = 0;
      const property = fc.asyncProperty(rates, moments, async (rate, waits) => {
        const limit = limits.open(`property ${family++}`, rate);
        let takenInAll = 0;
        let elapsedMs = 0;
        for (let n = 0; n < rate.burst; n++) expect(limit.take('a')).toBe(0);
        takenInAll += rate.burst;
        for (const wait of waits) {
          await clock.advance(wait);
          elapsedMs += wait;
          const retryAfterMs = limit.take('a');
          if (retryAfterMs === 0) takenInAll++;
          expect(takenInAll).toBeLessThanOrEqual(rate.burst + (rate.perSecond * elapsedMs) / 1000 + 0.001);
          if (retryAfterMs === 0) continue;
          await clock.advance(retryAfterMs);
          elapsedMs += retryAfterMs;
          expect(limit.take('a')).toBe(0);
          takenInAll++;
        }
      });
      await fc.assert(property, { numRuns: 100 });
    });
  });
}
