import type { Cluster, Redis } from 'ioredis';
import type { Cancel, Clock } from '../clock/clock.js';
import { RedisWatch, type WatchListener } from './redis-watch.js';

/** How soon a server is tried again that was lost. */
const RETRY_MS = 1_000;

/** In rounds of that. What has moved is found by the commands that are refused, too. */
const REFRESH_ROUNDS = 5;

/**
 * Watches the connections for commands to the servers of a Redis Cluster, each by itself: it is of use when all servers that
 * have slots are. They are connected to before they are needed, for commands are refused until a connection is there.
 */
export class ClusterWatch {
  readonly #watches = new Map<Redis, RedisWatch>();
  #cancelRefresh: Cancel | undefined;
  #isStarted = false;
  #isStopped = false;
  #isUp = false;
  #lastError = '';

  constructor(
    private readonly cluster: Cluster,
    private readonly clock: Clock,
    private readonly listener: WatchListener,
  ) {
    cluster.on('+node', (server: Redis) => this.#add(server));
    cluster.on('-node', (server: Redis) => this.#remove(server));
    cluster.on('error', ({ lastNodeError, message }: Error & { readonly lastNodeError?: Error }) => {
      this.#lastError = lastNodeError?.message || message;
    });
    // Which of them have slots.
    cluster.on('refresh', () => this.#look(''));
    cluster.on('close', () => this.#look(this.#lastError || 'no server of it can be reached'));
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get lastError(): string {
    return [...this.#watches.values()].map(({ lastError }) => lastError).find(Boolean) ?? this.#lastError;
  }

  start(): void {
    this.#isStarted = true;
    for (const watch of this.#watches.values()) watch.start();
    let rounds = 0;
    this.#cancelRefresh = this.clock.every(RETRY_MS, () => {
      rounds += 1;
      if (!this.#isUp || rounds % REFRESH_ROUNDS === 0) this.cluster.refreshSlotsCache();
    });
  }

  /** Changes are told no more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRefresh?.();
    for (const watch of this.#watches.values()) watch.stop();
    this.#isUp = false;
  }

  #add(server: Redis): void {
    const isServing = async () => String(await server.cluster('INFO')).includes('cluster_state:ok');
    const watch = new RedisWatch({ connection: server, isServing }, this.clock, ({ reason }) =>
      this.#look(reason),
    );
    this.#watches.set(server, watch);
    if (this.#isStarted) watch.start();
    server.connect().catch(() => undefined);
  }

  #remove(server: Redis): void {
    this.#watches.get(server)?.stop();
    this.#watches.delete(server);
    this.#look('a connection to one of its servers has ended');
  }

  #look(reason: string): void {
    const isUp = this.#isComplete();
    if (this.#isStopped || isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.listener({ isUp, reason });
  }

  /** A server that is lost is known as the owner of its slots still. */
  #isComplete(): boolean {
    const owners = new Set(Array.from(this.cluster.slots, (servers) => servers?.[0]));
    const serving = new Set(
      [...this.#watches].filter(([, { isUp }]) => isUp).map(([server]) => nameOf(server)),
    );
    return owners.size > 0 && [...owners].every((owner) => owner !== undefined && serving.has(owner));
  }
}

/** As the cluster names it. */
function nameOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
