import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../servers/postgres-server.js';
import { RedisServer } from '../servers/redis-server.js';
import { chooser } from './chooser.js';
import { ClusterNode } from './cluster-node.js';

export interface ClusterOptions {
  /** Default: 3. */
  readonly nodes?: number;
  /** Configuration keys of every node. */
  readonly env?: Readonly<Record<string, string>>;
  /** The compiled `main.js` of the nodes. Defaults to the service's own. */
  readonly main?: string;
}

/** PostgreSQL, Redis and compiled nodes, each in a process of its own that can be killed, paused and started again. */
export class Cluster {
  readonly #choose = chooser();

  private constructor(
    private readonly database: { readonly server: PostgresServer; readonly url: string },
    readonly redis: RedisServer,
    readonly nodes: readonly ClusterNode[],
    private readonly end: () => Promise<void>,
  ) {}

  /** Nothing stays behind when a part of it does not start. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const ends: (() => Promise<unknown>)[] = [];
    const end = async (): Promise<void> => {
      for (const each of ends.toReversed()) await each();
    };
    try {
      const folder = await mkdtemp(join(tmpdir(), 'parley-cluster-'));
      ends.push(async () => rm(folder, { recursive: true, force: true }));
      const [postgres, redis] = await all([PostgresServer.start(), RedisServer.start()], (server) =>
        ends.push(async () => server.stop()),
      );
      const databaseUrl = await postgres.createDatabase();
      const stores = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, SHARED_FILES: 'yes' };
      const env = { ...stores, DATA_DIR: join(folder, 'data'), ...options.env };
      const own = { cwd: folder, env, ...(options.main !== undefined && { main: options.main }) };
      const starts = Array.from({ length: options.nodes ?? 3 }, async (_, index) =>
        ClusterNode.start(`node-${index + 1}`, own),
      );
      const nodes = await all(starts, (node) => ends.push(async () => node.end('SIGKILL')));
      return new Cluster({ server: postgres, url: databaseUrl }, redis, nodes, end);
    } catch (error) {
      await end();
      throw error;
    }
  }

  get postgres(): PostgresServer {
    return this.database.server;
  }

  /** The address of the nodes' database. */
  get databaseUrl(): string {
    return this.database.url;
  }

  /** A node by chance, of those that run. */
  node(): ClusterNode {
    return this.#choose(this.nodes.filter(({ isRunning }) => isRunning));
  }

  async stop(): Promise<void> {
    this.postgres.process.resume();
    this.redis.process.resume();
    await this.end();
  }
}

/** As `Promise.all`, but waits for those that come after a failure too: `keep` is told of each that has started. */
async function all<Items extends readonly unknown[]>(
  starts: { readonly [Index in keyof Items]: Promise<Items[Index]> },
  keep: (item: Items[number]) => void,
): Promise<{ [Index in keyof Items]: Items[Index] }> {
  const settled = await Promise.allSettled(starts);
  for (const start of settled) if (start.status === 'fulfilled') keep(start.value);
  for (const start of settled) if (start.status === 'rejected') throw start.reason;
  return (await Promise.all(starts)) as { [Index in keyof Items]: Items[Index] };
}
