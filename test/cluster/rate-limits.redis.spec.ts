import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from 'parley/testing';
import { SystemClock } from '../../src/realtime/clock/system-clock.js';
import type { Clock } from '../../src/realtime/clock/clock.js';
import { describeRateLimits } from '../../src/realtime/limits/rate-limits.contract.js';
import { RedisRateLimits } from '../../src/realtime/limits/rate-limits.redis.js';
import { Meters } from '../../src/realtime/metrics/meters.js';
import type { SharedRedis } from '../../src/realtime/redis/shared-redis.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { openSharedRedis } from '../support/servers/shared-redis.js';
import { describeWith, REDIS } from '../support/tools.js';

describeWith(REDIS)('rate limits on a real Redis', () => {
  let server: RedisServer;
  const open: RedisRateLimits[] = [];

  let redis: SharedRedis;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await openSharedRedis(server.url);
  }, 30_000);

  afterAll(async () => {
    await redis.onApplicationShutdown();
    await server.stop();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(async (limits) => limits.onApplicationShutdown()));
  });

  function made(clock: Clock): RedisRateLimits {
    const { commands } = redis;
    if (commands === null) throw new Error('there is no Redis');
    const limits = new RedisRateLimits({ redis: commands, clock, meters: new Meters() });
    open.push(limits);
    return limits;
  }

  function node(): RedisRateLimits {
    const limits = made(new SystemClock());
    limits.onModuleInit();
    return limits;
  }

  // A node decides alone: what others took reaches it between the cases' steps at most.
  describeRateLimits('Redis, on one node', () => {
    const clock = new ManualClock();
    return { limits: made(clock), clock };
  });

  describe('several nodes', () => {
    const rate = { perSecond: 0.01, burst: 10 };

    it('give one burst together once they have told each other', async () => {
      const [one, other] = [node(), node()];
      const [here, there] = [one.open('together', rate), other.open('together', rate)];
      for (let n = 0; n < 6; n += 1) expect(here.take('ann')).toBe(0);
      await one.share();
      expect(there.take('ann')).toBe(0);
      await other.share();
      expect([1, 2, 3].map(() => there.take('ann'))).toEqual([0, 0, 0]);
      expect(there.take('ann')).toBeGreaterThan(0);
      await other.share();
      expect(there.take('ben')).toBe(0);
    });

    it('count what was taken while they told each other', async () => {
      const [one, other] = [node(), node()];
      const [here, there] = [one.open('meanwhile', rate), other.open('meanwhile', rate)];
      there.take('ann', 4);
      await other.share();
      here.take('ann', 3);
      const sharing = one.share();
      here.take('ann', 2);
      await sharing;
      expect(here.take('ann')).toBe(0);
      expect(here.take('ann')).toBeGreaterThan(0);
    });

    it('limit alone while Redis is away, and together again when it is back', async () => {
      const [one, other] = [node(), node()];
      const [here, there] = [one.open('away', rate), other.open('away', rate)];
      await server.process.stop('SIGKILL');
      here.take('ann', 10);
      await one.share();
      expect(here.take('ann')).toBeGreaterThan(0);
      await server.process.start();
      for (let taken = 0; taken < 9; taken += 1) {
        there.take('ben');
        await other.share();
      }
      expect(here.take('ben')).toBe(0);
      for (let tries = 0; here.take('ben') === 0 && tries < 200; tries += 1) {
        await one.share();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(here.take('ben')).toBeGreaterThan(0);
    });
  });
});
