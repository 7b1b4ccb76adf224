import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from 'parley/testing';
import { describeTopicBus } from '../../src/realtime/fanout/topic-bus.contract.js';
import { RedisTopicBus } from '../../src/realtime/fanout/topic-bus.redis.js';
import { Meters } from '../../src/realtime/metrics/meters.js';
import type { SharedRedis } from '../../src/realtime/redis/shared-redis.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { commandsOf, openSharedRedis } from '../support/servers/shared-redis.js';
import { describeWith, REDIS } from '../support/tools.js';

describeWith(REDIS)('a bus on Redis', () => {
  let server: RedisServer;
  const open: SharedRedis[] = [];

  beforeAll(async () => (server = await RedisServer.start()), 30_000);
  afterAll(async () => server.stop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map(async (redis) => redis.onApplicationShutdown()));
  });

  async function openSharedRedisOf(clock = new ManualClock(), database = 0): Promise<SharedRedis> {
    const redis = await openSharedRedis(`${server.url}/${database}`, clock);
    open.push(redis);
    return redis;
  }

  async function node(clock = new ManualClock(), database = 0): Promise<RedisTopicBus> {
    const redis = await openSharedRedisOf(clock, database);
    const bus = new RedisTopicBus({ redis, clock, meters: new Meters() });
    await bus.onModuleInit();
    return bus;
  }

  function withResolvers() {
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => (resolve = done));
    return { promise, resolve: () => resolve() };
  }

  /** Resolves when what `from` published so far has come to `to`. */
  async function settled(from: RedisTopicBus, to: RedisTopicBus): Promise<void> {
    const arrived = withResolvers();
    const cancel = await to.subscribe('settled', () => arrived.resolve());
    from.publish('settled', {});
    await arrived.promise;
    cancel();
  }

  describeTopicBus('Redis, on one node', async () => {
    const bus = await node();
    return {
      bus,
      settle: async () => settled(await node(), bus),
      loseForAWhile: async () => {
        await server.process.stop('SIGKILL');
        await server.process.start();
      },
      close: async () => undefined,
    };
  });

  describe('several nodes on one Redis', () => {
    it('hand a message to the listeners of all nodes, once each', async () => {
      const [one, other] = [await node(), await node()];
      const received: unknown[] = [];
      await one.subscribe('a', (message) => received.push(['one', message]));
      await other.subscribe('a', (message) => received.push(['other', message]));
      one.publish('a', { n: 1 });
      await settled(one, other);
      expect(received).toEqual([
        ['one', { n: 1 }],
        ['other', { n: 1 }],
      ]);
    });

    it('hear nothing of nodes on another database of the same Redis', async () => {
      const [one, other] = [await node(), await node()];
      const [stranger, fellow] = [await node(new ManualClock(), 1), await node(new ManualClock(), 1)];
      const received: unknown[] = [];
      await one.subscribe('a', (message) => received.push(['here', message]));
      await fellow.subscribe('a', (message) => received.push(['there', message]));
      stranger.publish('a', { n: 1 });
      await settled(stranger, fellow);
      await settled(other, one);
      expect(received).toEqual([['there', { n: 1 }]]);
    });

    it('drop what is no message of a node', async () => {
      const [one, other] = [await node(), await node()];
      const received: unknown[] = [];
      await one.subscribe('a', (message) => received.push(message));
      const stranger = commandsOf(await openSharedRedisOf());
      for (const text of ['', 'garbage', 'x {"open":', 'x 1']) await stranger.spublish('parley:0:a', text);
      other.publish('a', { n: 1 });
      await settled(other, one);
      expect(received).toEqual([{ n: 1 }]);
    });

    it('carry ten thousand channels', async () => {
      const [one, other] = [await node(), await node()];
      let count = 0;
      const channels = Array.from({ length: 10_000 }, (_, index) => `channel-${index}`);
      await Promise.all(channels.map(async (channel) => other.subscribe(channel, () => (count += 1))));
      for (const channel of channels) one.publish(channel, {});
      await settled(one, other);
      expect(count).toBe(10_000);
    });
  });

  describe('a Redis that is away', () => {
    it('leaves the listeners of the own node served, and is listened to again when it comes back', async () => {
      const [one, other] = [await node(), await node()];
      const received: unknown[] = [];
      await one.subscribe('a', (message) => received.push(message));
      await server.process.stop('SIGKILL');
      one.publish('a', { n: 1 });
      expect(received).toEqual([{ n: 1 }]);
      await server.process.start();
      const isBack = withResolvers();
      await one.subscribe('back', () => isBack.resolve());
      const again = setInterval(() => other.publish('back', {}), 50);
      await isBack.promise;
      clearInterval(again);
      other.publish('a', { n: 2 });
      await settled(other, one);
      expect(received).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('holds up a subscription for two seconds at most', async () => {
      const clock = new ManualClock();
      const bus = await node(clock);
      server.process.pause();
      try {
        const subscribed = bus.subscribe('a', () => undefined);
        await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(2_000);
        await expect(subscribed).resolves.toBeInstanceOf(Function);
      } finally {
        server.process.resume();
      }
    });
  });
});
