import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PARLEY_ENV } from '../compare/contenders.js';
import { cpuUsOfFamily, spentUs } from '../compare/cpu-time.js';
import { GeneratorProcess } from '../compare/generator-process.js';
import { ServerProcess } from '../compare/server-process.js';
import { makeWorld } from '../compare/world.js';

const PARALLEL = 32;

/**
 * Nodes on a store of their own with the members of a shape, and a load generator whose members are spread over them. None of the
 * processes has a core of its own.
 */
export class Fleet {
  #ends = [];
  #servers = [];
  #nodes = [];
  generator;

  /** Nothing stays behind when a part of it does not start. */
  static async start(shape, nodeCount) {
    const fleet = new Fleet();
    try {
      await fleet.#start(shape, nodeCount);
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  async #start(shape, nodeCount) {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-nodes-'));
    this.#ends.push(async () => rm(dataDir, { recursive: true, force: true }));
    const stores = nodeCount === 0 ? {} : await this.#startStores();
    const { facts } = await makeWorld(dataDir, shape, stores);
    const env = { ...PARLEY_ENV, DURABILITY: 'full', DATA_DIR: dataDir, ...stores };
    const command = [
      process.execPath,
      '--enable-source-maps',
      `${process.env.PARLEY_COMPILED_DIR}/src/main.js`,
    ];
    for (let count = 0; count < Math.max(1, nodeCount); count += 1) {
      const node = await ServerProcess.start({ command, env, isPinned: false });
      this.#ends.push(async () => node.stop());
      this.#nodes.push(node);
    }
    await this.#connect(facts);
  }

  async #startStores() {
    const servers = `${process.env.PARLEY_COMPILED_DIR}/test/support/servers`;
    const { PostgresServer } = await import(`${servers}/postgres-server.js`);
    const { RedisServer } = await import(`${servers}/redis-server.js`);
    const postgres = await PostgresServer.start();
    this.#ends.push(async () => postgres.stop());
    const redis = await RedisServer.start();
    this.#ends.push(async () => redis.stop());
    this.#servers = [postgres, redis].map(({ process: { pid } }) => pid);
    return { DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url, SHARED_FILES: 'yes' };
  }

  /** One after the other, the members of each room are connected to one node and the next. */
  async #connect(facts) {
    this.generator = new GeneratorProcess({ isPinned: false });
    this.#ends.push(async () => this.generator.stop());
    const nth = new Map();
    const spread = facts.map((fact) => {
      const place = nth.get(fact.room) ?? 0;
      nth.set(fact.room, place + 1);
      return { ...fact, port: this.#nodes[(place + fact.room) % this.#nodes.length].port };
    });
    await this.generator.ask('connect', {
      host: '127.0.0.1',
      dialect: 'chat',
      facts: spread,
      parallel: PARALLEL,
    });
  }

  /** What has been sent, delivered and spent so far. */
  async sample() {
    const done = await this.generator.ask('sample');
    const nodeUs = this.#nodes.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
    return { ...done, nodeUs, servers: this.#servers.map(cpuUsOfFamily) };
  }

  /** CPU time of PostgreSQL and of Redis between two samples, in microseconds; of neither without them. */
  static spentByServers(before, after) {
    const [postgresUs = null, redisUs = null] = after.servers.map((family, index) =>
      spentUs(before.servers[index], family),
    );
    return { postgresUs, redisUs };
  }

  async stop() {
    for (const end of this.#ends.toReversed()) await end();
  }
}
