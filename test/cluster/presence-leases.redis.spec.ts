import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisPresenceLeases } from '../../src/features/presence/leases/index.js';
import { presenceLeasesContract } from '../../src/features/presence/leases/presence-leases.contract.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, REDIS } from '../support/tools.js';

/** Long enough for a busy machine to renew in time. */
const TTL_MS = 2_000;

const never = () => () => undefined;

describeWith(REDIS)('leases on Redis', () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url, { enableAutoPipelining: true });
  }, 30_000);

  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const node = (nodeId: string): RedisPresenceLeases =>
    new RedisPresenceLeases({ redis, nodeId, onChange: never, ttlMs: TTL_MS });

  async function fresh() {
    await redis.flushall();
    return {
      one: node('one'),
      other: node('other'),
      // Redis's time is not ours to set.
      advance: async (ms: number) => delay(ms),
      flush: async () => void (await redis.flushall()),
      close: async () => Promise.resolve(),
    };
  }

  presenceLeasesContract('Redis', fresh);

  describe('what is kept', () => {
    it('goes by itself, and what a dead lease left is removed by who reads it', async () => {
      const { one, other } = await fresh();
      for (const each of [one, other]) {
        await each.open();
        await each.announce(new Map([['ann', 'active' as const]]));
        await each.complete();
      }
      expect(await redis.pttl('parley:presence:leases')).toBeGreaterThan(0);
      expect(await redis.pttl('parley:presence:user:ann')).toBeGreaterThan(0);
      await one.leave(new Map());
      expect(await redis.hlen('parley:presence:user:ann')).toBe(2);
      await other.read(['ann']);
      expect(await redis.hlen('parley:presence:user:ann')).toBe(1);
    });

    it('costs two commands a change, one a renewal, and one a user that is read', async () => {
      const { one } = await fresh();
      await one.open();
      await one.complete();
      expect(await counted(async () => one.announce(new Map([['ann', 'active' as const]])))).toBe(2);
      expect(await counted(async () => one.announce(new Map([['ann', undefined]])))).toBe(1);
      expect(await counted(async () => one.renew())).toBe(1);
      const many = Array.from({ length: 100 }, (_, index) => `user ${index}`);
      expect(await counted(async () => one.read(many))).toBe(101);
    });
  });

  /** How many commands that is; those that a script calls are counted by Redis, and taken off here. */
  async function counted(act: () => Promise<unknown>): Promise<number> {
    await redis.config('RESETSTAT');
    await act();
    const stats = await redis.info('commandstats');
    const calls = new Map(
      [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, n]) => [name, Number(n)]),
    );
    const top = ['eval', 'hset', 'hdel', 'pexpire', 'hgetall'];
    const ofScripts = new Map([['hgetall', calls.get('eval') ?? 0]]);
    if (calls.has('eval') && calls.get('hset') === 1) ofScripts.set('hset', 1).set('pexpire', 1);
    return top.reduce((sum, name) => sum + (calls.get(name) ?? 0) - (ofScripts.get(name) ?? 0), 0);
  }
});
