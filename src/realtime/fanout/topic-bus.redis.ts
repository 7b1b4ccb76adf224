import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Cancel, Clock } from '../clock/clock.js';
import { openRedis } from '../redis/redis.js';
import { type BusListener, TopicBus } from './topic-bus.js';
import { MemoryTopicBus } from './topic-bus.memory.js';

/** Longest wait for a subscription. After it a listener is one that has lost messages, as it must be ready for. */
const SUBSCRIBE_TIMEOUT_MS = 2_000;

const CHANNELS_PER_COMMAND = 1_000;

/** What travels: the node that sent it, and the message as JSON. */
const SEPARATOR = ' ';

export interface RedisBusOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Told of each loss of a connection and other trouble. */
  readonly onTrouble: (error: unknown) => void;
}

/** A channel that listeners of this node want. */
interface Wanted {
  listeners: number;
  /** Resolves when Redis hands out what is published, or when it takes too long. */
  readonly subscribed: Promise<void>;
}

/**
 * Redis's sharded pub/sub, with one connection that listens and one that publishes, whatever the number of channels. This
 * node's own listeners are handed a message at once, also while Redis is down. Subscriptions and messages of one turn of
 * the event loop travel together.
 */
export class RedisTopicBus extends TopicBus {
  private readonly node = randomUUID();
  private readonly local = new MemoryTopicBus();
  private readonly channels = new Map<string, Wanted>();
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private joining: Map<string, () => void> | undefined;

  constructor(private readonly options: RedisBusOptions) {
    super();
    this.publisher = openRedis(options.url, 'commands');
    this.subscriber = openRedis(options.url, 'subscriptions');
    for (const connection of [this.publisher, this.subscriber]) connection.on('error', options.onTrouble);
    this.subscriber.on('smessage', (channel: string, message: string) => this.receive(channel, message));
    this.subscriber.on('ready', () => void this.joinAgain());
  }

  /** Resolves when both connections are there. */
  async start(): Promise<void> {
    await Promise.all([this.publisher.connect(), this.subscriber.connect()]);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.publisher.quit(), this.subscriber.quit()]);
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  publish(channel: string, message: object): void {
    this.local.publish(channel, message);
    const sent = this.publisher.spublish(channel, `${this.node}${SEPARATOR}${JSON.stringify(message)}`);
    // It is a hint: what is lost is found in the store.
    sent.catch(() => undefined);
  }

  async subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    const cancelLocal = await this.local.subscribe(channel, listener);
    const wanted = this.want(channel);
    wanted.listeners += 1;
    await wanted.subscribed;
    let isCancelled = false;
    return () => {
      if (isCancelled) return;
      isCancelled = true;
      cancelLocal();
      this.release(channel, wanted);
    };
  }

  private want(channel: string): Wanted {
    const known = this.channels.get(channel);
    if (known !== undefined) return known;
    const wanted: Wanted = { listeners: 0, subscribed: this.join(channel) };
    this.channels.set(channel, wanted);
    return wanted;
  }

  /** Gathers the channels of one turn into one command. */
  private async join(channel: string): Promise<void> {
    return new Promise<void>((resolve) => {
      if (this.joining === undefined) {
        this.joining = new Map();
        setImmediate(() => void this.joinAll());
      }
      this.joining.set(channel, resolve);
      const cancel = this.options.clock.after(SUBSCRIBE_TIMEOUT_MS, resolve);
      this.joining.set(channel, () => {
        cancel();
        resolve();
      });
    });
  }

  private async joinAll(): Promise<void> {
    const joining = this.joining ?? new Map<string, () => void>();
    this.joining = undefined;
    try {
      await this.subscriber.ssubscribe(...joining.keys());
    } catch (error) {
      this.options.onTrouble(error);
    }
    for (const resolve of joining.values()) resolve();
  }

  /** A new connection listens to nothing yet, and what was asked for meanwhile has failed. */
  private async joinAgain(): Promise<void> {
    const channels = [...this.channels.keys()];
    for (let start = 0; start < channels.length; start += CHANNELS_PER_COMMAND) {
      try {
        await this.subscriber.ssubscribe(...channels.slice(start, start + CHANNELS_PER_COMMAND));
      } catch (error) {
        // It was lost again, and there will be another one.
        this.options.onTrouble(error);
        return;
      }
    }
  }

  private release(channel: string, wanted: Wanted): void {
    wanted.listeners -= 1;
    if (wanted.listeners > 0 || this.channels.get(channel) !== wanted) return;
    this.channels.delete(channel);
    this.subscriber.sunsubscribe(channel).catch(() => undefined);
  }

  private receive(channel: string, text: string): void {
    const end = text.indexOf(SEPARATOR);
    if (text.slice(0, end) === this.node) return;
    this.local.publish(channel, JSON.parse(text.slice(end + 1)) as object);
  }
}
