import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { answers } from './redis-server.js';
import { ServerProcess } from './server-process.js';

const SLOTS = 16_384;
const SERVERS = 3;
const FORMING_TIMEOUT_MS = 30_000;

/** A Redis Cluster of one's own: three servers without replicas, each with a third of the slots. */
export class RedisCluster {
  private constructor(
    private readonly folder: string,
    private readonly ports: readonly number[],
    /** The running servers: to be paused, killed and started again. They keep no data. */
    readonly processes: readonly ServerProcess[],
  ) {}

  static async start(): Promise<RedisCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-redis-cluster-'));
    const ports: number[] = [];
    while (ports.length < SERVERS) ports.push(await freePort());
    const processes = await Promise.all(ports.map(async (port) => serverAt(port, await freePort(), folder)));
    const cluster = new RedisCluster(folder, ports, processes);
    await Promise.all(processes.map(async (process) => process.start()));
    await cluster.form();
    return cluster;
  }

  /** Names one server only: the others are found by it. */
  get url(): string {
    return `redis+cluster://127.0.0.1:${this.ports[0]}`;
  }

  /** Forgets all data, on all servers. */
  async flush(): Promise<void> {
    await this.onEach(async (redis) => redis.flushall());
  }

  /** Names of keys, on all servers. */
  async keys(pattern: string): Promise<string[]> {
    return (await this.onEach(async (redis) => redis.keys(pattern))).flat();
  }

  /** Resolves when all servers say that the cluster serves all slots. */
  async serves(): Promise<void> {
    const endMs = performance.now() + FORMING_TIMEOUT_MS;
    while (!(await this.isServing())) {
      if (performance.now() > endMs) throw new Error('the Redis Cluster does not serve');
      await delay(20);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(async (process) => process.stop('SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async form(): Promise<void> {
    const buses = await this.onEach(async (redis, index) => {
      const [first, end] = [0, 1].map((next) => Math.floor(((index + next) * SLOTS) / SERVERS));
      await redis.cluster('ADDSLOTSRANGE', first ?? 0, (end ?? 0) - 1);
      await redis.cluster('SET-CONFIG-EPOCH', index + 1);
      return Number(((await redis.config('GET', 'cluster-port')) as string[])[1]);
    });
    await this.onEach(async (redis, index) => {
      if (index > 0)
        await redis.call('CLUSTER', 'MEET', '127.0.0.1', String(this.ports[0]), String(buses[0]));
    });
    await this.serves();
  }

  private async isServing(): Promise<boolean> {
    const states = await this.onEach(async (redis) => redis.cluster('INFO'));
    return states.every((state) => /cluster_state:ok[^]*cluster_known_nodes:3/.test(state));
  }

  private async onEach<T>(act: (redis: Redis, index: number) => Promise<T>): Promise<T[]> {
    return Promise.all(
      this.ports.map(async (port, index) => {
        const redis = new Redis(port, '127.0.0.1');
        try {
          return await act(redis, index);
        } finally {
          redis.disconnect();
        }
      }),
    );
  }
}

function serverAt(port: number, busPort: number, folder: string): ServerProcess {
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'no',
    save: '',
    'cluster-enabled': 'yes',
    'cluster-config-file': `nodes-${port}.conf`,
    'cluster-node-timeout': 1_000,
    'cluster-port': busPort,
  };
  return new ServerProcess({
    program: 'redis-server',
    arguments: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    account: {},
    isReady: async () => answers(port),
  });
}
