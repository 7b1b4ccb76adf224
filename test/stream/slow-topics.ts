import {
  type Connection,
  type Introduction,
  type OutboundFrame,
  Topic,
  Topics,
  type TopicSource,
} from '../../src/realtime/index.js';
import type { Chance } from './chance.js';
import type { SteppedClock } from './stepped-clock.js';

interface World {
  readonly clock: SteppedClock;
  readonly chance: Chance;
}

interface Subscription {
  readonly connection: Connection;
  position: number;
  until: number;
  last?: OutboundFrame | undefined;
  introduction?: Introduction | undefined;
  isPumping: boolean;
}

/** A topic whose subscribers fall behind as chance will have it, and are then brought up from its source. */
class SlowTopic extends Topic {
  private readonly subscriptions = new Map<Connection, Subscription>();
  /** What a connection is still due of an earlier subscription comes before anything of its next one. */
  private readonly pumps = new Map<Connection, Promise<void>>();

  constructor(
    readonly name: string,
    public position: number,
    private readonly source: TopicSource,
    private readonly world: World,
  ) {
    super();
  }

  get subscriberCount(): number {
    return this.subscriptions.size;
  }

  connections(): Iterable<Connection> {
    return this.subscriptions.keys();
  }

  has(connection: Connection): boolean {
    return this.subscriptions.has(connection);
  }

  subscribe(connection: Connection, position: number, introduction?: Introduction): void {
    if (this.has(connection)) throw new Error(`${this.name}: subscribed twice`);
    const until = Number.POSITIVE_INFINITY;
    const subscription = { connection, position, introduction, until, isPumping: false };
    this.subscriptions.set(connection, subscription);
    if (introduction !== undefined || position < this.position) this.pump(subscription);
  }

  unsubscribe(connection: Connection, until: number, last?: OutboundFrame): void {
    const subscription = this.subscriptions.get(connection);
    if (subscription === undefined) return;
    if (until > this.position) throw new Error(`${this.name}: ends at ${until}, which was not published`);
    this.subscriptions.delete(connection);
    Object.assign(subscription, { until, last });
    this.pump(subscription);
  }

  /** A closed connection takes nothing more, also of what is being read for it. */
  drop(connection: Connection): void {
    const subscription = this.subscriptions.get(connection);
    if (subscription !== undefined) subscription.until = subscription.position;
    this.subscriptions.delete(connection);
  }

  publish(position: number, ...frames: readonly OutboundFrame[]): void {
    if (position !== this.position + 1) throw new Error(`${this.name}: ${position} after ${this.position}`);
    this.position += frames.length;
    for (const subscription of this.subscriptions.values()) {
      frames.forEach((frame, at) => this.offer(subscription, position + at, frame));
    }
  }

  publishState(_key: string, frame: OutboundFrame): void {
    for (const { connection } of this.subscriptions.values()) connection.pushFrame(frame);
  }

  sendState(connection: Connection, _key: string, frame: OutboundFrame): void {
    if (this.subscriptions.get(connection)?.isPumping === false) connection.pushFrame(frame);
  }

  private offer(subscription: Subscription, position: number, frame: OutboundFrame): void {
    if (subscription.isPumping || subscription.position >= position) return;
    if (this.world.chance.happens(30)) {
      this.pump(subscription);
      return;
    }
    subscription.position = position;
    subscription.connection.pushFrame(frame);
  }

  private pump(subscription: Subscription): void {
    if (subscription.isPumping) return;
    subscription.isPumping = true;
    const earlier = this.pumps.get(subscription.connection) ?? Promise.resolve();
    const pumping = earlier.then(async () => this.run(subscription));
    this.pumps.set(subscription.connection, pumping);
  }

  private async run(subscription: Subscription): Promise<void> {
    for (;;) {
      await this.advance(subscription);
      if (!subscription.isPumping) return;
      await this.world.clock.sleep(this.world.chance.below(30));
    }
  }

  private async advance(subscription: Subscription): Promise<void> {
    const { connection, introduction } = subscription;
    const first = await introduction?.first();
    subscription.introduction = undefined;
    if (first !== undefined) connection.pushFrame(first);
    const target = Math.min(this.position, subscription.until);
    if (subscription.position < target) return await this.readOn(subscription, target);
    if (subscription.last !== undefined) connection.pushFrame(subscription.last);
    subscription.last = undefined;
    // In the same turn as the look at the position: what is published from now on is offered again.
    subscription.isPumping = false;
  }

  private async readOn(subscription: Subscription, target: number): Promise<void> {
    const frames = await this.source.read(this.name, subscription.position, target).catch(() => []);
    for (const { position, frame } of frames) {
      if (position > subscription.until) return;
      subscription.position = position;
      subscription.connection.pushFrame(frame);
    }
  }
}

export class SlowTopics extends Topics {
  constructor(private readonly world: World) {
    super();
  }

  create(name: string, position: number, source: TopicSource): Topic {
    return new SlowTopic(name, position, source, this.world);
  }
}
