import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { describeTicketStore } from '../../src/features/auth/tickets/ticket-store.contract.js';
import { RedisTicketStore } from '../../src/features/auth/tickets/ticket-store.redis.js';
import { RedisPresenceLeases } from '../../src/features/presence/leases/index.js';
import { presenceLeasesContract } from '../../src/features/presence/leases/presence-leases.contract.js';
import { describeConnectionDirectory } from '../../src/realtime/caps/connection-directory.contract.js';
import { RedisConnectionDirectory } from '../../src/realtime/caps/connection-directory.redis.js';
import { SystemClock } from '../../src/realtime/clock/system-clock.js';
import { describeTopicBus } from '../../src/realtime/fanout/topic-bus.contract.js';
import { RedisTopicBus } from '../../src/realtime/fanout/topic-bus.redis.js';
import { RedisRateLimits } from '../../src/realtime/limits/rate-limits.redis.js';
import { Meters } from '../../src/realtime/metrics/meters.js';
import type { SharedRedis } from '../../src/realtime/redis/shared-redis.js';
import { RedisCluster } from '../support/servers/redis-cluster.js';
import { commandsOf, openSharedRedis } from '../support/servers/shared-redis.js';
import { describeWith, REDIS } from '../support/tools.js';

/** So many names have slots on all servers. */
const NAMES = Array.from({ length: 24 }, (_, index) => `name-${index}`);

describeWith(REDIS)('on a Redis Cluster of three servers,', () => {
  let servers: RedisCluster;
  let here: SharedRedis;
  let there: SharedRedis;
  const buses: RedisTopicBus[] = [];
  const directories: RedisConnectionDirectory[] = [];

  beforeAll(async () => {
    servers = await RedisCluster.start();
    here = await openSharedRedis(servers.url);
    there = await openSharedRedis(servers.url);
  }, 60_000);

  afterEach(async () => {
    for (const bus of buses.splice(0)) bus.onModuleDestroy();
    await Promise.all(directories.splice(0).map(async (each) => each.onApplicationShutdown()));
  });

  afterAll(async () => {
    await Promise.all([here, there].map(async (redis) => redis.onApplicationShutdown()));
    await servers.stop();
  });

  /** Ends one server, with all that it had, and starts it again; resolves when both nodes and the cluster are as before. */
  async function loseServer(index: number): Promise<void> {
    const lost = [here, there].map(async (redis) => becomes(redis, false));
    await servers.processes[index]?.stop('SIGKILL');
    await Promise.all(lost);
    const back = [here, there].map(async (redis) => becomes(redis, true));
    await servers.processes[index]?.start();
    await Promise.all(back);
  }

  async function node(redis: SharedRedis): Promise<RedisTopicBus> {
    const bus = new RedisTopicBus({ redis, clock: new SystemClock(), meters: new Meters() });
    await bus.onModuleInit();
    buses.push(bus);
    return bus;
  }

  /** Resolves when what `from` published so far has come to `to`, from every server. */
  async function settled(from: RedisTopicBus, to: RedisTopicBus): Promise<void> {
    await Promise.all(
      NAMES.map(async (name) => {
        let arrived = (): void => undefined;
        const arrival = new Promise<void>((resolve) => (arrived = resolve));
        const cancel = await to.subscribe(`settled ${name}`, () => arrived());
        const again = setInterval(() => from.publish(`settled ${name}`, {}), 200);
        from.publish(`settled ${name}`, {});
        await arrival;
        clearInterval(again);
        cancel();
      }),
    );
  }

  describeTopicBus('a Redis Cluster', async () => {
    const [bus, other] = [await node(here), await node(there)];
    return {
      bus,
      settle: async () => settled(other, bus),
      // That has the channel of the case.
      loseForAWhile: async () => loseServer(2),
      close: async () => undefined,
    };
  });

  it('the bus carries messages between nodes on channels of all servers, also after each was lost', async () => {
    const [one, other] = [await node(here), await node(there)];
    const received: unknown[] = [];
    await Promise.all(
      NAMES.map(async (name) => other.subscribe(name, (message) => received.push([name, message]))),
    );
    for (let round = 0; round <= servers.processes.length; round += 1) {
      if (round > 0) await loseServer(round - 1);
      received.length = 0;
      await settled(one, other);
      for (const name of NAMES) one.publish(name, { round });
      await settled(one, other);
      expect(received).toHaveLength(NAMES.length);
      expect(received).toEqual(expect.arrayContaining(NAMES.map((name) => [name, { round }])));
    }
  });

  describeTicketStore('RedisTicketStore on a Redis Cluster', async () => {
    await servers.flush();
    return {
      nodes: [new RedisTicketStore(commandsOf(here)), new RedisTicketStore(commandsOf(there))],
      pass: async (ms) => {
        for (const key of await servers.keys('*')) {
          const redis = commandsOf(here);
          await redis.pexpire(key, (await redis.pttl(key)) - ms);
        }
      },
    };
  });

  it('tickets of the servers that are left are taken, those of one that hangs are refused in time', async () => {
    const store = new RedisTicketStore(commandsOf(here));
    const holder = { userId: 'ann', sessionId: 'one', expiresAtMs: null };
    const lost = becomes(here, false);
    servers.processes[1]?.pause();
    const back = lost.then(async () => becomes(here, true));
    try {
      await lost;
      const outcomes = await Promise.allSettled(NAMES.map(async (name) => store.put(name, holder, 30_000)));
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    } finally {
      servers.processes[1]?.resume();
    }
    await back;
    await Promise.all(NAMES.map(async (name) => store.put(name, holder, 30_000)));
    expect(await Promise.all(NAMES.map(async (name) => store.take(name)))).toEqual(NAMES.map(() => holder));
  });

  it('nodes give one burst together, for every key', async () => {
    const limits = [here, there].map(
      (redis) =>
        new RedisRateLimits({ redis: commandsOf(redis), clock: new SystemClock(), meters: new Meters() }),
    );
    const [one, other] = limits.map((each) => each.open('cluster', { perSecond: 0.01, burst: 2 }));
    for (const name of NAMES) expect(one?.take(name)).toBe(0);
    await limits[0]?.share();
    for (const name of NAMES) expect(other?.take(name)).toBe(0);
    await limits[1]?.share();
    expect(NAMES.filter((name) => other?.take(name) === 0)).toEqual([]);
    expect(await servers.keys('parley:rate:cluster:*')).toHaveLength(NAMES.length);
  });

  async function directory(redis: SharedRedis): Promise<RedisConnectionDirectory> {
    const onChange = (listener: (isUp: boolean) => void) => redis.onChange(listener);
    const options = { redis: commandsOf(redis), onChange, clock: new SystemClock(), cap: 3 };
    const made = new RedisConnectionDirectory(options);
    await made.onModuleInit();
    directories.push(made);
    return made;
  }

  /** Commands to one server are answered in their order, and a few round trips follow from one. */
  async function answered(): Promise<void> {
    for (let trip = 0; trip < 4; trip += 1) {
      const trips = [here, there].flatMap((redis) =>
        NAMES.map(async (name) => commandsOf(redis).exists(name)),
      );
      await Promise.all(trips);
    }
  }

  describeConnectionDirectory('a Redis Cluster', async () => {
    await servers.flush();
    return { nodes: [await directory(here), await directory(there)], settle: answered };
  });

  it('connections are entered again that one server has lost', async () => {
    await servers.flush();
    const [one, other] = [await directory(here), await directory(there)];
    for (const name of NAMES) {
      for (const id of ['1', '2']) one.enter(name, `${name}/${id}`);
      other.enter(name, `${name}/3`);
    }
    await answered();
    const excess: string[] = [];
    for (let index = 0; index < servers.processes.length; index += 1) await loseServer(index);
    await one.renew();
    await other.renew();
    for (const each of [one, other]) each.onExcess(({ connectionId }) => excess.push(connectionId));
    for (const name of NAMES) other.enter(name, `${name}/4`);
    await answered();
    expect(excess.map((id) => id.split('/')[0]).toSorted()).toEqual(NAMES.toSorted());
  });

  presenceLeasesContract('a Redis Cluster', async () => {
    await servers.flush();
    const [one, other] = [here, there].map(
      (redis, index) =>
        new RedisPresenceLeases({
          redis: commandsOf(redis),
          nodeId: `node ${index}`,
          onChange: () => () => undefined,
          ttlMs: 2_000,
        }),
    ) as [RedisPresenceLeases, RedisPresenceLeases];
    return {
      one,
      other,
      // Redis's time is not ours to set.
      advance: async (ms) => delay(ms),
      flush: async () => servers.flush(),
      close: async () => undefined,
    };
  });
});

async function becomes(redis: SharedRedis, isUp: boolean): Promise<void> {
  if (redis.isUp === isUp) return;
  await new Promise<void>((resolve) => {
    const cancel = redis.onChange((state) => {
      if (state !== isUp) return;
      cancel();
      resolve();
    });
  });
}
