import { FrameRun } from '../frames/frame-run.js';
import type { OutboundFrame } from '../frames/outbound-frame.js';
import type { CatchUpOutcome, LaggingSubscription, Recipient } from './recipient.js';
import type { Introduction, TopicSource } from './topic.js';

/** What a subscription needs to know of its topic. */
export interface SubscribedTopic {
  readonly name: string;
  readonly position: number;
  readonly source: TopicSource;
  /** What the keys of its states begin with where they meet those of other topics. */
  readonly statePrefix: string;
}

/** Where one connection stands in one topic. */
export class Subscription implements LaggingSubscription {
  isLagging = false;
  private until = Number.POSITIVE_INFINITY;
  private last: OutboundFrame | undefined;
  private states: Map<string, OutboundFrame> | undefined;

  constructor(
    private readonly topic: SubscribedTopic,
    readonly connection: Recipient,
    /** The position of the last frame that the connection has, or needs not have. */
    private position: number,
    private introduction: Introduction | undefined,
  ) {}

  /** Falls behind at once if the topic is ahead already, or an introduction must come first. */
  begin(): void {
    if (this.introduction !== undefined || this.position < this.topic.position) this.lag();
  }

  /** Gives it the topic's next frames, the first of which has this position. */
  publish(first: number, run: FrameRun): void {
    const next = this.position + 1;
    if (this.isLagging || next >= first + run.length) return;
    // One that needs only the last of them reads those again.
    if (next === first) this.position += this.connection.outbox.offer(run);
    if (this.position < first + run.length - 1) this.lag();
  }

  /** Gives it a state; `key` begins with the topic's `statePrefix`. */
  publishState(key: string, frame: OutboundFrame): void {
    if (!this.isLagging) {
      this.connection.pushState(key, frame);
      return;
    }
    this.states ??= new Map();
    this.states.delete(key);
    this.states.set(key, frame);
  }

  /** Ends it after `until` and `last`. */
  end(until: number, last: OutboundFrame | undefined): void {
    this.until = until;
    this.last = last;
    this.states = undefined;
    this.connection.outbox.dropStates(this.topic.statePrefix);
    if (!this.isLagging && this.position < until) this.lag();
    else if (!this.isLagging) this.finish();
  }

  async advance(): Promise<CatchUpOutcome> {
    if (this.introduction !== undefined) await this.introduce(this.introduction);
    const target = Math.min(this.until, this.topic.position);
    if (this.position < target) return await this.readOn(target);
    this.isLagging = false;
    this.finish();
    return 'done';
  }

  private lag(): void {
    this.isLagging = true;
    this.connection.catchUp.add(this);
  }

  private async introduce(introduction: Introduction): Promise<void> {
    const frame = await introduction.first();
    this.introduction = undefined;
    if (frame !== undefined) this.connection.pushFrame(frame);
  }

  private async readOn(target: number): Promise<CatchUpOutcome> {
    const frames = await this.topic.source.read(this.topic.name, this.position, target);
    if (frames.length === 0)
      throw new Error(`topic ${this.topic.name}: nothing to read after ${this.position}`);
    // It may have been ended while the source was read.
    const due = frames.filter(({ position }) => position <= this.until);
    const taken = this.connection.outbox.offer(new FrameRun(due.map(({ frame }) => frame)));
    this.position += taken;
    return taken < due.length ? 'full' : 'more';
  }

  private finish(): void {
    for (const [key, frame] of this.states ?? []) this.connection.pushState(key, frame);
    this.states = undefined;
    if (this.last !== undefined) this.connection.pushFrame(this.last);
    this.last = undefined;
  }
}
