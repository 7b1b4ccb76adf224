import type { Migration } from '../../../src/storage/index.js';
import { PostgresDatabase } from '../../../src/storage/postgres/database.postgres.js';
import { PostgresServer } from '../servers/postgres-server.js';

/** Several nodes on one database of a PostgreSQL of their own. */
export class RacingNodes {
  private constructor(
    private readonly server: PostgresServer,
    /** The address of the database. */
    readonly url: string,
    readonly nodes: readonly PostgresDatabase[],
  ) {}

  static async start(migrations: readonly Migration[], count = 3): Promise<RacingNodes> {
    const server = await PostgresServer.start({ settings: { fsync: 'off' } });
    // The server ends no deadlock before an operation gives up: who waits crosswise is found.
    await server.configure({ deadlock_timeout: '1min' });
    const url = await server.createDatabase();
    const nodes = Array.from({ length: count }, () => new PostgresDatabase({ url, durability: 'process' }));
    for (const node of nodes) {
      node.addMigrations(migrations);
      await node.start();
    }
    return new RacingNodes(server, url, nodes);
  }

  /** The node of this number, counted around. */
  node(number = 0): PostgresDatabase {
    const node = this.nodes[number % this.nodes.length];
    if (!node) throw new Error('there is no node');
    return node;
  }

  /** Begins it for all racers at once, each on the next node; fails if any of them fails. */
  async race<Result>(
    racers: number,
    work: (node: PostgresDatabase, racer: number) => Promise<Result>,
  ): Promise<Result[]> {
    return await Promise.all(
      Array.from({ length: racers }, async (_, racer) => work(this.node(racer), racer)),
    );
  }

  /** The rows that a statement gives. */
  async rows(sql: string, parameters: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const [rows = []] = await this.node().read([{ sql, parameters }]);
    return rows;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => node.stop()));
    await this.server.stop();
  }
}
