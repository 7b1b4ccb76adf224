import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from 'parley/testing';
import { describeConnectionDirectory } from '../../src/realtime/caps/connection-directory.contract.js';
import { RedisConnectionDirectory } from '../../src/realtime/caps/connection-directory.redis.js';
import type { SharedRedis } from '../../src/realtime/redis/shared-redis.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { commandsOf, openSharedRedis } from '../support/servers/shared-redis.js';
import { describeWith, REDIS } from '../support/tools.js';

describeWith(REDIS)('connections on a real Redis', () => {
  let server: RedisServer;
  let redis: SharedRedis;
  let clock: ManualClock;
  const open: RedisConnectionDirectory[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await openSharedRedis(server.url);
  }, 30_000);

  beforeEach(async () => {
    clock = new ManualClock();
    await commandsOf(redis).flushall();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(async (directory) => directory.onApplicationShutdown()));
  });

  afterAll(async () => {
    await redis.onApplicationShutdown();
    await server.stop();
  });

  async function node(): Promise<RedisConnectionDirectory> {
    const directory = new RedisConnectionDirectory({
      redis: commandsOf(redis),
      onChange: (listener) => redis.onChange(listener),
      clock,
      cap: 3,
    });
    await directory.onModuleInit();
    open.push(directory);
    return directory;
  }

  /** Commands are answered in their order, and two round trips follow from one. */
  async function settle(): Promise<void> {
    for (let trip = 0; trip < 4; trip += 1) await commandsOf(redis).ping();
  }

  describeConnectionDirectory('Redis', async () => {
    const nodes = [await node(), await node()] as const;
    return { nodes, settle };
  });

  describe('several nodes', () => {
    /** What each node of these tells of, by its connection. */
    function excessOf(...nodes: readonly RedisConnectionDirectory[]): string[] {
      const excess: string[] = [];
      for (const each of nodes) each.onExcess(({ connectionId }) => excess.push(connectionId));
      return excess;
    }

    it('do not count the connections of one whose lease is over', async () => {
      const [dead, living] = [await node(), await node()];
      const excess = excessOf(living);
      for (const id of ['1', '2', '3']) dead.enter('ann', id);
      await settle();
      await dead.onApplicationShutdown();
      living.enter('ann', '4');
      await settle();
      expect(excess).toEqual([]);
      for (const id of ['5', '6', '7']) living.enter('ann', id);
      await settle();
      expect(excess).toEqual(['4']);
    });

    it('enter all again, by their age, when Redis has forgotten them', async () => {
      const [one, other] = [await node(), await node()];
      const excess = excessOf(one, other);
      one.enter('ann', 'oldest');
      await clock.advance(1_000);
      other.enter('ann', 'second');
      await clock.advance(1_000);
      one.enter('ann', 'third');
      await settle();
      await commandsOf(redis).flushall();
      await other.renew();
      await one.renew();
      other.enter('ann', 'newest');
      await settle();
      expect(excess).toEqual(['oldest']);
    });

    it('count what was entered, and not what left, while Redis was away', async () => {
      const [one, other] = [await node(), await node()];
      const excess = excessOf(one, other);
      for (const id of ['1', '2', '3']) one.enter('ann', id);
      await settle();
      await server.process.stop('SIGKILL');
      await one.renew();
      one.leave('ann', '1');
      await clock.advance(1_000);
      other.enter('ann', '4');
      other.enter('ann', '5');
      const isBack = new Promise<void>((resolve) => {
        redis.onChange((isUp) => isUp && resolve());
      });
      await server.process.start();
      await isBack;
      await one.renew();
      await other.renew();
      await settle();
      expect(new Set(excess)).toEqual(new Set(['2']));
    });
  });
});
