import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import compile from '../compile.js';

/**
 * Starts a PostgreSQL for the run, with the schema in a database that all others are copied from. No power is cut here, so it
 * needs no fsync.
 */
export default async function beginRun() {
  await compile();
  const compiled = process.env.PARLEY_COMPILED_DIR;
  const { PostgresServer } = await import(join(compiled, 'test/support/servers/postgres-server.js'));
  const postgres = await PostgresServer.start({
    settings: { max_connections: '300', fsync: 'off', full_page_writes: 'off' },
  });
  globalThis.clusterPostgres = postgres;
  process.env.CLUSTER_POSTGRES = postgres.url();
  process.env.CLUSTER_SEED ??= String(randomInt(1_000_000));
  process.stdout.write(`CLUSTER_SEED=${process.env.CLUSTER_SEED}\n`);
  process.env.CLUSTER_TEMPLATE = await schemaOn(postgres, compiled);
}

/** Starts a node once, which makes the schema, and stops it. */
async function schemaOn(postgres, compiled) {
  const { startProcess } = await import(join(compiled, 'src/testing/index.js'));
  const { RedisServer } = await import(join(compiled, 'test/support/servers/redis-server.js'));
  const cwd = await mkdtemp(join(tmpdir(), 'parley-schema-'));
  const redis = await RedisServer.start();
  try {
    const url = await postgres.createDatabase();
    const env = { DATABASE_URL: url, REDIS_URL: redis.url, SHARED_FILES: 'yes', DURABILITY: 'process' };
    const node = await startProcess({ cwd, env });
    await node.kill('SIGTERM');
    return new URL(url).pathname.slice(1);
  } finally {
    await redis.stop();
    await rm(cwd, { recursive: true, force: true });
  }
}
