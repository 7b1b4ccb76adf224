import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Cluster } from 'ioredis';
import { Clock } from '../clock/clock.js';
import { BootError } from '../errors/boot-error.js';
import { Meters } from '../metrics/meters.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { ClusterWatch } from './cluster-watch.js';
import { openCommands, type RedisCommands } from './redis.js';
import { readRedisUrl, type RedisAddress, shownAddress } from './redis-address.js';
import { RedisWatch, type WatchListener } from './redis-watch.js';
import { RedisSubscriptions } from './subscriptions.js';

/** Longest wait for Redis at the start. */
const START_TIMEOUT_MS = 5_000;

const MEND = 'start Redis 7 or newer there, or set REDIS_URL to where it is';

/**
 * The one home of this node's connections to Redis: one for commands, and one for subscriptions, on a
 * Redis Cluster one of each to every server. They are open before
 * anything else of the service starts, and are closed after all else has stopped; the start fails when Redis is not there.
 *
 * Later Redis may go and come: the connections come back by themselves, and it is logged once when it is lost and once when
 * it is back. Whoever uses it must do without it meanwhile.
 */
@Injectable()
export class SharedRedis implements OnModuleInit, OnApplicationShutdown {
  /** `null`: no `REDIS_URL` is set, and this node is alone. */
  readonly commands: RedisCommands | null;
  readonly #address: RedisAddress | undefined;
  readonly #logger = new Logger('Redis');
  readonly #watch: RedisWatch | ClusterWatch | undefined;
  readonly #listeners = new Set<(isUp: boolean) => void>();
  readonly #subscriptions: RedisSubscriptions | undefined;
  /** From the end of the start until the stop. */
  #isOpen = false;
  #isUp = false;
  #onComplete = (): void => undefined;

  constructor(
    @Inject(REALTIME_SETTINGS) { redisUrl }: Pick<RealtimeSettings, 'redisUrl'>,
    private readonly clock: Clock,
    meters: Meters,
  ) {
    this.commands = null;
    if (redisUrl === null) return;
    this.#address = readRedisUrl(redisUrl);
    this.commands = openCommands(this.#address);
    this.#watch = watchOf(this.commands, clock, ({ reason }) => this.#changed(reason));
    this.#subscriptions = new RedisSubscriptions({
      address: this.#address,
      cluster: this.commands instanceof Cluster ? this.commands : undefined,
      clock,
      onChange: (reason) => this.#changed(reason),
    });
    meters.gauge(
      { name: 'parley_redis_up', help: '1 while Redis answers on all connections of this node, else 0.' },
      () => (this.#isUp ? 1 : 0),
    );
  }

  /** Whether Redis answers, as far as is known. Without a `REDIS_URL` it never does. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** The number of the database on its server: what every database of a server shares is to be kept apart by it. */
  get database(): number {
    return this.#address?.database ?? 0;
  }

  /** What listens. It is the bus's. Throws without a `REDIS_URL`. */
  get subscriptions(): RedisSubscriptions {
    if (this.#subscriptions === undefined) throw new Error('there is no Redis');
    return this.#subscriptions;
  }

  /** Tells when Redis is lost and when it is back, until cancelled. It must not throw. */
  onChange(listener: (isUp: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when all connections are there. */
  async onModuleInit(): Promise<void> {
    if (this.commands === null || this.#address === undefined) return;
    try {
      await this.#connect(this.commands, this.subscriptions);
    } catch (error) {
      this.#close();
      throw new BootError(
        `Redis at ${shownAddress(this.#address)} is of no use (${this.#reasonOf(error)})`,
        MEND,
      );
    }
    this.#watch?.start();
    this.#isOpen = true;
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isOpen = false;
    // What was sent before is answered before.
    const { commands } = this;
    if (this.#isUp && commands !== null) {
      await this.#within(START_TIMEOUT_MS, commands.quit()).catch(() => undefined);
    }
    this.#close();
  }

  async #connect(commands: RedisCommands, subscriptions: RedisSubscriptions): Promise<void> {
    await this.#within(START_TIMEOUT_MS, commands.connect());
    await this.#within(START_TIMEOUT_MS, subscriptions.connect());
    await this.#within(START_TIMEOUT_MS, this.#complete());
    // Sharded channels are what an older server lacks.
    await commands.spublish('parley:hello', '');
  }

  /** Resolves when all servers of a Redis Cluster are there. */
  async #complete(): Promise<void> {
    if (this.#isUp) return;
    await new Promise<void>((resolve) => (this.#onComplete = resolve));
  }

  #reasonOf(error: unknown): string {
    return this.#watch?.lastError || this.#subscriptions?.lastError || messageOf(error);
  }

  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.clock.after(ms, () => reject(new Error('it does not answer')));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  }

  #changed(reason: string): void {
    const isUp = this.#watch?.isUp === true && this.#subscriptions?.isUp === true;
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    if (isUp) this.#onComplete();
    if (this.#isOpen) this.#tell(reason);
  }

  #tell(reason: string): void {
    if (this.#isUp) this.#logger.log('Redis is back');
    else this.#logger.warn(`Redis is lost (${reason}): this node does without it until it is back`);
    for (const listener of this.#listeners) listener(this.#isUp);
  }

  #close(): void {
    this.#isOpen = false;
    this.#watch?.stop();
    this.commands?.disconnect();
    this.#subscriptions?.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function watchOf(commands: RedisCommands, clock: Clock, listener: WatchListener): RedisWatch | ClusterWatch {
  if (commands instanceof Cluster) return new ClusterWatch(commands, clock, listener);
  return new RedisWatch({ connection: commands }, clock, listener);
}
