import type { Connection } from '../connection/connection.js';
import type { OutboundFrame } from '../frames/outbound-frame.js';

/** A frame and its place in its topic's order: 1, 2, 3 … */
export interface PositionedFrame {
  readonly position: number;
  readonly frame: OutboundFrame;
}

/** Where a topic's frames can be read again. */
export interface TopicSource {
  /**
   * Frames with positions after `after` and up to `until`, ascending and without a gap, as many as fit one
   * answer; at least one when there is one. Rejects with a `LostPosition` when the next one is gone for good.
   */
  read(topic: string, after: number, until: number): Promise<readonly PositionedFrame[]>;
}

/** What a subscriber is to be given around its stretch of a topic. */
export interface Introduction {
  /** Sent before the first frame of the topic; nothing of the topic is sent while it is awaited. */
  first(): Promise<OutboundFrame | undefined>;
}

/**
 * A sequence of frames that is fanned out to connections, each frame once and in order.
 *
 * Each subscription has its own position. A frame goes straight to those that stand right before it; one that
 * is behind (just subscribed, or too slow for a while) is brought up from the `TopicSource` as its connection drains,
 * so that no frame is ever skipped and no slow connection is buffered for without bound.
 */
export abstract class Topic {
  abstract readonly name: string;
  /** The position of the last frame published here. */
  abstract readonly position: number;
  abstract readonly subscriberCount: number;

  /** The subscriptions' connections. */
  abstract connections(): Iterable<Connection>;

  abstract has(connection: Connection): boolean;

  /** Gives `connection` every frame after `position`, those published before this call included. */
  abstract subscribe(connection: Connection, position: number, introduction?: Introduction): void;

  /**
   * Gives `connection` what is still due to it up to `until`, then `last`, then nothing more: states that still wait for it
   * are given up.
   */
  abstract unsubscribe(connection: Connection, until: number, last?: OutboundFrame): void;

  /** Forgets `connection` at once. */
  abstract drop(connection: Connection): void;

  /**
   * Publishes the next frames, the first of which has `position`. Throws when that is not `this.position + 1`. What is due
   * together is best published together: each subscriber is then looked at once.
   */
  abstract publish(position: number, ...frames: readonly OutboundFrame[]): void;

  /**
   * Sends a frame outside the order to those that are up to date; others get the last one of `key` as they drain. Keys of
   * different topics are different.
   */
  abstract publishState(key: string, frame: OutboundFrame): void;

  /** As `publishState`, to `connection` alone; nothing if it is not subscribed. */
  abstract sendState(connection: Connection, key: string, frame: OutboundFrame): void;
}

/** Makes topics; a topic that nobody holds any more is garbage like any object. */
export abstract class Topics {
  /** A topic whose last frame has `position`, and whose earlier ones `source` can read. */
  abstract create(name: string, position: number, source: TopicSource): Topic;
}
