import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { RedisServer } from '../servers/redis-server.js';

/** A database and a Redis for one cluster, none of which another cluster of the run hears anything of. */
export interface ClusterStores {
  /** The settings that make a node one of this cluster. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Databases of folders that a suite goes on in: what restarts in the same folder finds the same database. */
const kept = new Map<string, string>();

/** Opens new ones, or, for a folder that was seen before, the database that was opened for it. */
export async function openStores(folder: string | undefined): Promise<ClusterStores> {
  const database = (folder === undefined ? undefined : kept.get(folder)) ?? (await createDatabase());
  if (folder !== undefined) kept.set(folder, database);
  const redis = await RedisServer.start();
  return {
    env: { DATABASE_URL: urlOf(database), REDIS_URL: redis.url, SHARED_FILES: 'yes' },
    close: async () => {
      await redis.stop();
      if (folder === undefined) await execute(`drop database ${database} with (force)`);
    },
  };
}

async function createDatabase(): Promise<string> {
  const name = `cluster_${randomUUID().replaceAll('-', '')}`;
  await execute(`create database ${name} template ${process.env['CLUSTER_TEMPLATE'] ?? 'template1'}`);
  return name;
}

/** In the server that the run has started. */
function urlOf(database: string): string {
  const server = process.env['CLUSTER_POSTGRES'];
  if (server === undefined) throw new Error('this is for npm run test:cluster');
  return new URL(database, server).href;
}

async function execute(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
