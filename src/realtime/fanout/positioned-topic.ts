import { Injectable } from '@nestjs/common';
import type { Connection } from '../connection/connection.js';
import { FrameRun } from '../frames/frame-run.js';
import type { OutboundFrame } from '../frames/outbound-frame.js';
import type { Recipient } from './recipient.js';
import { Subscription } from './subscription.js';
import { type Introduction, Topic, Topics, type TopicSource } from './topic.js';

/** A topic of this node. */
class PositionedTopic extends Topic {
  private readonly subscriptions = new Map<Connection, Subscription>();
  readonly statePrefix: string;
  #position: number;

  constructor(
    readonly name: string,
    position: number,
    readonly source: TopicSource,
  ) {
    super();
    this.statePrefix = `${name} `;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
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
    if (this.subscriptions.has(connection)) return;
    const subscription = new Subscription(this, connection as Recipient, position, introduction);
    this.subscriptions.set(connection, subscription);
    subscription.begin();
  }

  unsubscribe(connection: Connection, until: number, last?: OutboundFrame): void {
    const subscription = this.subscriptions.get(connection);
    this.subscriptions.delete(connection);
    subscription?.end(until, last);
  }

  drop(connection: Connection): void {
    this.subscriptions.delete(connection);
  }

  publish(position: number, ...frames: readonly OutboundFrame[]): void {
    if (position !== this.#position + 1) {
      throw new Error(`topic ${this.name}: ${position} published after ${this.#position}`);
    }
    if (frames.length === 0) return;
    const run = new FrameRun(frames);
    this.#position += frames.length;
    for (const subscription of this.subscriptions.values()) subscription.publish(position, run);
  }

  publishState(key: string, frame: OutboundFrame): void {
    const ownKey = this.statePrefix + key;
    for (const subscription of this.subscriptions.values()) subscription.publishState(ownKey, frame);
  }

  sendState(connection: Connection, key: string, frame: OutboundFrame): void {
    this.subscriptions.get(connection)?.publishState(this.statePrefix + key, frame);
  }
}

/** Makes the topics of this node. */
@Injectable()
export class PositionedTopics extends Topics {
  create(name: string, position: number, source: TopicSource): Topic {
    return new PositionedTopic(name, position, source);
  }
}
