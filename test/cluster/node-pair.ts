import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startServer, TestClient, type TestServer } from 'parley/testing';
import { SharedRedis } from '../../src/realtime/index.js';
import { freePort } from '../support/free-port.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';

const PORTABLE = { ADMIN_TOKEN: 'an-admin-token-that-nobody-guesses', SHARED_FILES: 'yes' };

/** What a restore leaves behind: a table that is not the one from before. */
const RESTORED = `
  alter table parley_meta rename to parley_meta_before;
  create table parley_meta (like parley_meta_before including all);
  insert into parley_meta select * from parley_meta_before;
  drop table parley_meta_before`;

/** Two nodes of one cluster in this process, with a PostgreSQL and a Redis of their own. */
export class NodePair {
  readonly one: TestServer;
  readonly other: TestServer;

  private constructor(
    readonly postgres: PostgresServer,
    readonly redis: RedisServer,
    nodes: readonly [TestServer, TestServer],
    private readonly folder: string,
  ) {
    [this.one, this.other] = nodes;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<NodePair> {
    const [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
    const folder = await mkdtemp(join(tmpdir(), 'parley-pair-'));
    const shared = {
      ...PORTABLE,
      DATABASE_URL: await postgres.createDatabase(),
      REDIS_URL: redis.url,
      ...env,
    };
    const one = await startServer({ env: shared, dataDir: folder });
    const ADMIN_PORT = String(await freePort());
    const other = await startServer({ env: { ...shared, ADMIN_PORT }, dataDir: folder });
    return new NodePair(postgres, redis, [one, other], folder);
  }

  /** The settings that make a process a node of this cluster. */
  get env(): Record<string, string> {
    const { DATABASE_URL: databaseUrl } = this.one.config;
    return { ...PORTABLE, DATABASE_URL: String(databaseUrl), REDIS_URL: this.redis.url };
  }

  /** By the admin listener of the other node. */
  async suspend(userId: string): Promise<void> {
    const { ADMIN_PORT } = this.other.config;
    const { status } = await fetch(`http://127.0.0.1:${ADMIN_PORT}/users/${userId}/suspend`, {
      method: 'POST',
      headers: { authorization: `Bearer ${PORTABLE.ADMIN_TOKEN}` },
    });
    if (status !== 204) throw new Error(`the suspension was answered ${status}`);
  }

  /** Resolves when both nodes have noticed that Redis is there, or that it is not. */
  async noticed(isUp: boolean): Promise<void> {
    await Promise.all([this.one, this.other].map(async (server) => becomes(server.get(SharedRedis), isUp)));
  }

  /** Takes the end of a room's log away while the server is down, as a restore or a lossy failover would. */
  async setBack(roomId: string, head: number): Promise<void> {
    const { DATABASE_URL: url } = this.one.config;
    const client = new pg.Client({ connectionString: String(url) });
    await client.connect();
    for (const table of ['room_events', 'messages', 'search_vectors']) {
      await client.query(`delete from ${table} where room_id = $1 and seq > $2`, [roomId, head]);
    }
    await client.query('update rooms set head = $2 where id = $1', [roomId, head]);
    await client.query(RESTORED);
    await client.end();
    await this.postgres.process.stop('SIGKILL');
    await this.postgres.process.start();
  }

  async stop(): Promise<void> {
    this.redis.process.resume();
    this.postgres.process.resume();
    await Promise.all([this.one.close(), this.other.close()]);
    await Promise.all([this.postgres.stop(), this.redis.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Opens a connection by a token, whichever node that is of, and waits for `ready`. */
export async function connectBy(
  accessToken: string,
  { wsUrl }: { readonly wsUrl: string },
): Promise<TestClient> {
  return await TestClient.connect(wsUrl, { headers: { authorization: `Bearer ${accessToken}` } });
}

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
