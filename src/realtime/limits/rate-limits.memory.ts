import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Meters } from '../metrics/meters.js';
import { rateRefusals } from '../metrics/rate-refusals.js';
import { type Rate, type RateLimit, RateLimits } from './rate-limits.js';
import { TokenBuckets } from './token-buckets.js';

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
    return rate.perSecond === 0 ? { take: () => 0 } : new TokenBuckets(this.clock, rate, refusals);
  }
}
