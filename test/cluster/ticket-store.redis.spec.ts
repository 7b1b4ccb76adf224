import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeTicketStore } from '../../src/features/auth/tickets/ticket-store.contract.js';
import { RedisTicketStore } from '../../src/features/auth/tickets/ticket-store.redis.js';
import type { RedisCommands } from '../../src/realtime/redis/redis.js';
import type { SharedRedis } from '../../src/realtime/redis/shared-redis.js';
import { commandsOf, openSharedRedis } from '../support/servers/shared-redis.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, REDIS } from '../support/tools.js';

describeWith(REDIS)('tickets on a real Redis', () => {
  let server: RedisServer;
  let nodes: [SharedRedis, SharedRedis];

  beforeAll(async () => {
    server = await RedisServer.start();
    nodes = [await openSharedRedis(server.url), await openSharedRedis(server.url)];
  }, 30_000);

  afterAll(async () => {
    await Promise.all(nodes.map(async (redis) => redis.onApplicationShutdown()));
    await server.stop();
  });

  describeTicketStore('RedisTicketStore', async () => {
    const [here, there] = nodes.map(commandsOf) as [RedisCommands, RedisCommands];
    await here.flushall();
    return {
      nodes: [new RedisTicketStore(here), new RedisTicketStore(there)],
      pass: async (ms) => shorten(here, ms),
    };
  });

  it('is unavailable while Redis is away, and works when it is back', async () => {
    const store = new RedisTicketStore(commandsOf(nodes[0]));
    await server.process.stop('SIGKILL');
    await expect(store.put('a', holder, 30_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(store.take('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const isBack = new Promise<void>((resolve) => {
      nodes[0].onChange((isUp) => isUp && resolve());
    });
    await server.process.start();
    await isBack;
    await store.put('a', holder, 30_000);
    expect(await store.take('a')).toEqual(holder);
  });
});

const holder = { userId: 'ann', sessionId: 'one', expiresAtMs: null };

/** What a server does by itself in that time: each key is so much nearer to its end, or gone. */
async function shorten(redis: RedisCommands, ms: number): Promise<void> {
  for (const key of await redis.keys('*')) await redis.pexpire(key, (await redis.pttl(key)) - ms);
}
