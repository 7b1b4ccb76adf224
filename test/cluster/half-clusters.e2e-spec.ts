import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import { startServer, type TestServer } from '../../src/testing/index.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

describeWith(POSTGRES)('nodes that are no cluster', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let otherRedis: RedisServer;
  let database: string;
  const running: TestServer[] = [];

  beforeAll(async () => {
    [postgres, redis, otherRedis] = await Promise.all([
      PostgresServer.start(),
      RedisServer.start(),
      RedisServer.start(),
    ]);
  }, 60_000);
  afterAll(async () => Promise.all([postgres.stop(), redis.stop(), otherRedis.stop()]));
  beforeEach(async () => (database = await postgres.createDatabase()));
  afterEach(async () => {
    for (const node of running.splice(0)) await node.close();
    await postgres.dropDatabase(database);
  });

  async function start(redisUrl?: string, databaseUrl = database): Promise<TestServer> {
    const shared = redisUrl === undefined ? {} : { REDIS_URL: redisUrl, SHARED_FILES: 'yes' };
    const node = await startServer({ env: { DATABASE_URL: databaseUrl, ...shared } });
    running.push(node);
    return node;
  }

  /** Ends the node's connection, and holds its lock in its place as another node would. */
  async function ousted(meanwhile: () => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    try {
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'parley node' and datname = current_database()",
      );
      await client.query('select pg_advisory_lock($1)', [0x70_72_6c_6e]);
      await meanwhile();
    } finally {
      await client.end();
    }
  }

  it('are refused when they have no Redis, and serve one after the other', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow('set REDIS_URL on every node');
    await running.pop()?.close();
    const second = await start();
    await expect(second.connect('ann')).resolves.toBeDefined();
    await expect(first.connect('bob')).rejects.toBeDefined();
  });

  it('are refused when one of them has no Redis', async () => {
    await start(redis.url);
    await expect(start()).rejects.toThrow('set REDIS_URL on every node');
    await running.pop()?.close();
    await start();
    await expect(start(redis.url)).rejects.toThrow('a node without REDIS_URL runs on this database');
  });

  it('are refused when each has a Redis of its own', async () => {
    await start(redis.url);
    await expect(start(otherRedis.url)).rejects.toThrow('set REDIS_URL to the same one on every node');
    await expect(start(redis.url)).resolves.toBeDefined();
  });

  it('are refused when they share a Redis and no database', async () => {
    const other = await postgres.createDatabase();
    await start(redis.url);
    await expect(start(redis.url, other)).rejects.toThrow('give each cluster a Redis of its own');
  });

  it('are refused when another data directory has come to the port of the database', async () => {
    const before = await PostgresServer.start();
    const url = await before.createDatabase();
    const { port, pathname } = new URL(url);
    const first = await startServer({
      env: { DATABASE_URL: url, REDIS_URL: redis.url, SHARED_FILES: 'yes' },
    });
    running.push(first);
    await before.stop();
    const after = await PostgresServer.start({ port: Number(port) });
    try {
      await after.execute(`create database ${pathname.slice(1)}`);
      await expect(start(redis.url, url)).rejects.toThrow('give each cluster a Redis of its own');
    } finally {
      await running.pop()?.close();
      await after.stop();
    }
  });

  it('hear of it when another has taken their place on the database', async () => {
    const node = new PostgresDatabase({ url: database, durability: 'process', node: 'alone' });
    await node.start();
    try {
      const heard = new Promise<string>((resolve) => node.onOusted(resolve));
      await ousted(async () => expect(heard).resolves.toContain('another node runs on this database'));
    } finally {
      await node.stop();
    }
  });
});
