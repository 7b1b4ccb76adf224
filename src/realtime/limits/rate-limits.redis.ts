import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Cancel, Clock } from '../clock/clock.js';
import type { Meters } from '../metrics/meters.js';
import { rateRefusals } from '../metrics/rate-refusals.js';
import type { RedisCommands } from '../redis/redis.js';
import { type Rate, type RateLimit, RateLimits } from './rate-limits.js';
import { TokenBuckets } from './token-buckets.js';

/** How soon other nodes know of what was taken here. */
const SHARE_MS = 100;

const KEY_PREFIX = 'parley:rate';

/**
 * Adds to the moment at which a bucket will be full, by the time of Redis, and says in how many milliseconds that is. A
 * bucket that is full again is no key any more.
 */
const TAKE = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  local fullAt = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + ARGV[1]
  redis.call('SET', KEYS[1], string.format('%.3f', fullAt), 'PX', math.ceil(fullAt - now) + 1)
  return string.format('%.3f', fullAt - now)
`;

export interface RedisLimitsOptions {
  readonly redis: RedisCommands;
  readonly clock: Clock;
  readonly meters: Meters;
}

/**
 * Token buckets that the nodes of a cluster share. A node decides by its own bucket and tells the others ten times a second
 * what it has given: until then each node may give a burst, and while Redis is down the limits hold per node.
 */
export class RedisRateLimits extends RateLimits implements OnModuleInit, OnApplicationShutdown {
  private readonly families: SharedRateLimit[] = [];
  private cancel: Cancel | undefined;

  constructor(private readonly options: RedisLimitsOptions) {
    super();
  }

  onModuleInit(): void {
    this.cancel = this.options.clock.every(SHARE_MS, () => void this.share());
  }

  async onApplicationShutdown(): Promise<void> {
    this.cancel?.();
    await this.share();
  }

  open(name: string, rate: Rate): RateLimit {
    const { clock, meters } = this.options;
    const buckets = new TokenBuckets(clock, rate, rateRefusals(meters, name));
    if (rate.perSecond === 0) return { take: () => 0 };
    const family = new SharedRateLimit(name, buckets);
    this.families.push(family);
    return family;
  }

  /** Tells what was taken since the last time, and learns what others took of the same buckets. */
  async share(): Promise<void> {
    await Promise.all(
      this.families.map(async (family) =>
        family.share(async (key, fillMs) => Number(await this.options.redis.eval(TAKE, 1, key, fillMs))),
      ),
    );
  }
}

type TakeShared = (key: string, fillMs: number) => Promise<number>;

class SharedRateLimit implements RateLimit {
  /** Tokens that were taken here, and that the others do not know of. */
  private untold = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly buckets: TokenBuckets,
  ) {}

  take(key: string, cost = 1): number {
    const waitMs = this.buckets.take(key, cost);
    if (waitMs === 0) this.untold.set(key, (this.untold.get(key) ?? 0) + cost);
    return waitMs;
  }

  async share(takeShared: TakeShared): Promise<void> {
    const telling = this.untold;
    this.untold = new Map();
    // What cannot be told is forgotten: the own bucket has counted it.
    await Promise.allSettled([...telling].map(async ([key, cost]) => this.tell(key, cost, takeShared)));
  }

  private async tell(key: string, cost: number, takeShared: TakeShared): Promise<void> {
    const sharedMs = await takeShared(`${KEY_PREFIX}:${this.name}:${key}`, this.buckets.fillMs(cost));
    this.buckets.fullIn(key, sharedMs + this.buckets.fillMs(this.untold.get(key) ?? 0));
  }
}
