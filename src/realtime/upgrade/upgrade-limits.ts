import { Inject, Injectable } from '@nestjs/common';
import { RealtimeError } from '../errors/realtime-error.js';
import { type RateLimit, RateLimits } from '../limits/rate-limits.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';

/** Upgrades, and the tickets that browsers take for them, in one bucket per address. */
@Injectable()
export class UpgradeLimits {
  private readonly limit: RateLimit;

  constructor(limits: RateLimits, @Inject(REALTIME_SETTINGS) { upgradesPerSecond }: RealtimeSettings) {
    this.limit = limits.open('upgrades', { perSecond: upgradesPerSecond, burst: 2 * upgradesPerSecond });
  }

  /** Throws `RATE_LIMITED` when the address has had its share. */
  take(address: string): void {
    const retryAfterMs = this.limit.take(address);
    if (retryAfterMs > 0) throw new RealtimeError('RATE_LIMITED', 'too many upgrades', { retryAfterMs });
  }
}
