import { randomUUID } from 'node:crypto';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Cancel, Clock } from '../clock/clock.js';
import type { Counter } from '../metrics/instruments.js';
import type { Meters } from '../metrics/meters.js';
import type { SharedRedis } from '../redis/shared-redis.js';
import { type BusListener, type GapListener, TopicBus } from './topic-bus.js';
import { MemoryTopicBus } from './topic-bus.memory.js';

/** Longest wait for a subscription. After it a listener is one that has lost messages, as it must be ready for. */
const SUBSCRIBE_TIMEOUT_MS = 2_000;

/** How soon the others are told that messages of this node were lost. */
const CONFESS_MS = 500;

/** Where a node tells that it could not send what it published. */
const LOSSES = 'bus:losses';

/** What travels: the node that sent it, and the message as JSON. */
const SEPARATOR = ' ';

export interface RedisBusOptions {
  readonly redis: SharedRedis;
  readonly clock: Clock;
  readonly meters: Meters;
}

/** A channel that listeners of this node want. */
interface Wanted {
  listeners: number;
  /** Resolves when Redis hands out what is published, or when it takes too long. */
  readonly subscribed: Promise<void>;
}

/** Channels that are subscribed to together. */
interface Joining {
  readonly channels: string[];
  /** Nobody waits for them any more. */
  isLate: boolean;
  readonly done: Promise<void>;
}

type Outcome = 'published' | 'received' | 'dropped';

const MESSAGES = {
  name: 'parley_bus_messages_total',
  help: 'Messages between nodes, by what became of them here: published, received, or dropped unsent.',
};

/**
 * Redis's sharded pub/sub, whatever the number of channels with one connection that publishes and one that listens, on a
 * Redis Cluster one to each server. This node's own listeners are handed a message at once, also while Redis is down.
 * Subscriptions of one turn of the event loop travel together, and so do messages.
 *
 * It tells of a gap when a subscription was lost and is there again, and when another node says that it could not send:
 * that one's messages are missed without anybody else having noticed.
 */
export class RedisTopicBus extends TopicBus implements OnModuleInit, OnModuleDestroy {
  private readonly node = randomUUID();
  private readonly local = new MemoryTopicBus();
  private readonly channels = new Map<string, Wanted>();
  private readonly gapListeners = new Set<GapListener>();
  private readonly cancels: Cancel[] = [];
  private joining: Joining | undefined;
  private readonly counters: Record<Outcome, Counter>;
  /** Channels are those of a server, whatever its databases; keys and channels are to be apart alike. */
  private readonly prefix: string;
  private hasLost = false;

  constructor(private readonly options: RedisBusOptions) {
    super();
    const { meters, redis } = options;
    this.prefix = `parley:${redis.database}:`;
    this.counters = {
      published: meters.counter(MESSAGES, { outcome: 'published' }),
      received: meters.counter(MESSAGES, { outcome: 'received' }),
      dropped: meters.counter(MESSAGES, { outcome: 'dropped' }),
    };
    redis.subscriptions.listen({
      message: (channel, text) => this.receive(channel, text),
      gap: () => this.tellOfGap(),
    });
  }

  override get isShared(): boolean {
    return true;
  }

  async onModuleInit(): Promise<void> {
    this.cancels.push(
      await this.subscribe(LOSSES, () => this.tellOfGap()),
      this.options.clock.every(CONFESS_MS, () => this.confess()),
    );
  }

  onModuleDestroy(): void {
    for (const cancel of this.cancels) cancel();
  }

  publish(channel: string, message: object): void {
    this.local.publish(channel, message);
    this.send(channel, message);
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

  override onGap(listener: GapListener): Cancel {
    this.gapListeners.add(listener);
    return () => this.gapListeners.delete(listener);
  }

  private send(channel: string, message: object): void {
    const text = `${this.node}${SEPARATOR}${JSON.stringify(message)}`;
    this.options.redis.commands?.spublish(this.prefix + channel, text).then(
      () => this.counters.published.add(),
      () => {
        // It is a hint: what is lost is found in the store, by whoever knows that it has to look.
        this.counters.dropped.add();
        this.hasLost = true;
      },
    );
  }

  private confess(): void {
    if (!this.hasLost || !this.options.redis.isUp) return;
    this.hasLost = false;
    this.send(LOSSES, {});
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
    this.joining ??= this.newJoining();
    this.joining.channels.push(this.prefix + channel);
    await this.joining.done;
  }

  private newJoining(): Joining {
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => (finish = resolve));
    const joining: Joining = { channels: [], isLate: false, done };
    const cancel = this.options.clock.after(SUBSCRIBE_TIMEOUT_MS, () => {
      joining.isLate = true;
      finish();
    });
    setImmediate(() => {
      this.joining = undefined;
      void this.joinAll(joining).then(cancel).then(finish);
    });
    return joining;
  }

  private async joinAll(joining: Joining): Promise<void> {
    try {
      await this.options.redis.subscriptions.join(joining.channels);
      if (joining.isLate) this.tellOfGap();
    } catch {
      // They are asked for again, and a gap is told of when they are had.
    }
  }

  private release(channel: string, wanted: Wanted): void {
    wanted.listeners -= 1;
    if (wanted.listeners > 0 || this.channels.get(channel) !== wanted) return;
    this.channels.delete(channel);
    this.options.redis.subscriptions.leave(this.prefix + channel);
  }

  private receive(channel: string, text: string): void {
    const end = text.indexOf(SEPARATOR);
    if (text.slice(0, end) === this.node) return;
    const message = messageIn(text.slice(end + 1));
    if (message === undefined) return;
    this.counters.received.add();
    this.local.publish(channel.slice(this.prefix.length), message);
  }

  private tellOfGap(): void {
    for (const listener of this.gapListeners) listener();
  }
}

/** Whoever can reach Redis can publish there. */
function messageIn(text: string): object | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
