import { type Cluster, Command, type Redis } from 'ioredis';
import type { Cancel, Clock } from '../clock/clock.js';
import { Rounds } from '../clock/rounds.js';
import { openServer } from './redis.js';
import type { RedisAddress, RedisServerAddress } from './redis-address.js';
import { RedisWatch } from './redis-watch.js';

/** How soon channels are asked for again that could not be had. */
const RETRY_MS = 1_000;

const CHANNELS_PER_COMMAND = 1_000;

const ONLY_SERVER = 'the one';

export interface SubscriptionsOptions {
  readonly address: RedisAddress;
  /** Knows which server has which channels; `undefined`: there is one server, which has all. */
  readonly cluster: Cluster | undefined;
  readonly clock: Clock;
  /** Told when a connection was lost, with the reason, and when one is there. */
  readonly onChange: (reason: string) => void;
}

/** Told of what happens on the channels. Neither may throw. */
export interface SubscriptionEvents {
  message(channel: string, text: string): void;
  /** Channels were without a subscription for a while, and have one again. */
  gap(): void;
}

/** One connection that listens, to the server that has these channels. */
interface Listener {
  readonly redis: Redis;
  readonly watch: RedisWatch;
  readonly joined: Set<string>;
}

/**
 * This node's subscriptions to sharded channels: one connection to each server that has channels. What is wanted is
 * subscribed to again whenever a connection was lost, or its channels have moved to another server.
 */
export class RedisSubscriptions {
  readonly #listeners = new Map<string, Listener>();
  /** Wanted channels, and their slots. */
  readonly #wanted = new Map<string, number>();
  readonly #joining = new Rounds(
    async () => this.#joinMissing(),
    () => undefined,
  );
  #events: SubscriptionEvents | undefined;
  #cancel: Cancel | undefined;
  #isClosed = false;

  constructor(private readonly options: SubscriptionsOptions) {
    if (options.cluster === undefined) this.#open(ONLY_SERVER, undefined);
    options.cluster?.on('refresh', () => void this.#joining.round());
  }

  get isUp(): boolean {
    const watches = [...this.#listeners.values()].map(({ watch }) => watch);
    return watches.length > 0 && watches.every((watch) => watch.isUp);
  }

  /** Why a connection was not there the last time; '' if each always was. */
  get lastError(): string {
    return [...this.#listeners.values()].map(({ watch }) => watch.lastError).find(Boolean) ?? '';
  }

  /** From now on these are told. */
  listen(events: SubscriptionEvents): void {
    this.#events = events;
  }

  /** Resolves when all connections are there. Of a cluster the servers must be known. */
  async connect(): Promise<void> {
    this.#followCluster();
    await Promise.all([...this.#listeners.values()].map(async ({ redis }) => connected(redis)));
    for (const { watch } of this.#listeners.values()) watch.start();
    this.#cancel = this.options.clock.every(RETRY_MS, () => {
      if (this.#missing().length > 0) void this.#joining.round();
    });
  }

  /** Resolves when these are subscribed to; rejects when one is not, which is asked for again until it is. */
  async join(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#wanted.set(channel, this.#slotOf(channel));
    await this.#subscribe(channels);
  }

  leave(channel: string): void {
    this.#wanted.delete(channel);
    for (const { redis, joined } of this.#listeners.values()) {
      if (joined.delete(channel)) redis.sunsubscribe(channel).catch(() => undefined);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    for (const server of this.#listeners.keys()) this.#close(server);
  }

  async #joinMissing(): Promise<void> {
    if (this.#isClosed) return;
    this.#followCluster();
    const missing = this.#missing();
    if (missing.length === 0) return;
    await this.#subscribe(missing);
    this.#events?.gap();
  }

  #missing(): string[] {
    return [...this.#wanted.keys()].filter(
      (channel) => this.#listenerOf(channel)?.joined.has(channel) !== true,
    );
  }

  /** Channels of one slot go in one command. */
  async #subscribe(channels: readonly string[]): Promise<void> {
    const bySlot = new Map<number, string[]>();
    for (const channel of channels) {
      const slot = this.#wanted.get(channel) ?? 0;
      const some = bySlot.get(slot) ?? [];
      bySlot.set(slot, some);
      some.push(channel);
    }
    const parts = [...bySlot.values()].flatMap((some) => portions(some, CHANNELS_PER_COMMAND));
    const results = await Promise.allSettled(parts.map(async (some) => this.#subscribeTogether(some)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #subscribeTogether(channels: readonly string[]): Promise<void> {
    const listener = this.#listenerOf(channels[0] ?? '');
    if (listener === undefined) throw new Error('no server has these channels just now');
    await listener.redis.ssubscribe(...channels);
    for (const channel of channels) {
      listener.joined.add(channel);
      if (!this.#wanted.has(channel)) this.leave(channel);
    }
  }

  #listenerOf(channel: string): Listener | undefined {
    return this.#listeners.get(this.#serverOf(this.#wanted.get(channel) ?? 0));
  }

  #serverOf(slot: number): string {
    return this.options.cluster === undefined ? ONLY_SERVER : (this.options.cluster.slots[slot]?.[0] ?? '');
  }

  #slotOf(channel: string): number {
    return this.options.cluster === undefined ? 0 : new Command('ssubscribe', [channel]).getSlot();
  }

  /** Listens at each server that has channels, and at no other; a channel that has moved is to be joined where it is now. */
  #followCluster(): void {
    const { cluster } = this.options;
    if (cluster === undefined) return;
    const servers = new Set(cluster.slots.map(([server]) => server).filter((server) => server !== undefined));
    const gone = [...this.#listeners.keys()].filter((server) => !servers.has(server));
    for (const server of gone) this.#close(server);
    const added = [...servers].filter((server) => !this.#listeners.has(server));
    for (const server of added) this.#open(server, serverAddress(server));
    for (const [server, { joined }] of this.#listeners) this.#dropMoved(server, joined);
  }

  #dropMoved(server: string, joined: Set<string>): void {
    for (const channel of joined) {
      if (this.#serverOf(this.#wanted.get(channel) ?? 0) !== server) joined.delete(channel);
    }
  }

  #open(server: string, at: RedisServerAddress | undefined): void {
    const redis = openServer(this.options.address, 'subscriptions', at);
    const joined = new Set<string>();
    const watch = new RedisWatch({ connection: redis }, this.options.clock, ({ isUp, reason }) => {
      if (isUp) void this.#joining.round();
      else joined.clear();
      this.options.onChange(reason);
    });
    redis.on('smessage', (channel: string, text: string) => this.#events?.message(channel, text));
    this.#listeners.set(server, { redis, watch, joined });
    // One that is opened later, for a server that is new.
    if (this.#cancel === undefined) return;
    watch.start();
    redis.connect().catch(() => undefined);
  }

  #close(server: string): void {
    const listener = this.#listeners.get(server);
    this.#listeners.delete(server);
    listener?.watch.stop();
    listener?.redis.disconnect();
  }
}

async function connected(redis: Redis): Promise<void> {
  if (redis.status === 'wait') await redis.connect();
}

function portions<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}

/** As the cluster names its servers: `host:port`, the host without brackets. */
function serverAddress(server: string): RedisServerAddress {
  const end = server.lastIndexOf(':');
  return { host: server.slice(0, end), port: Number(server.slice(end + 1)) };
}
