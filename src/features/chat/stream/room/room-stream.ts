import {
  type Cancel,
  type Clock,
  OutboundFrame,
  type Topic,
  type Topics,
} from '../../../../realtime/index.js';
import {
  type LogReader,
  roomChannel,
  type RoomCommitted,
  type RoomDropped,
  type RoomEvent,
} from '../../log/index.js';
import type { RoomStatePush } from '../../rooms/index.js';
import type { RoomSignal, RoomSignalled } from '../signals/index.js';
import { isDropped } from './dropped-events.js';
import type { FrameCache } from './frame-cache.js';
import { HeldStates, keepLast } from './held-states.js';
import { membershipChangesOf } from '../membership-change.js';
import type { RecentStretch } from '../recent-events.js';
import { frameOf, RoomFrames, shownSeq } from './room-frames.js';

/** Events that came too early are kept up to this many; beyond it the log is read instead. */
const MAX_HELD = 256;
/** A bus that reorders usually mends itself within this time, without a read. */
export const REORDER_MS = 20;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 3000;

/** What a room's stream needs of its node. */
export interface StreamServices {
  readonly clock: Clock;
  readonly log: LogReader;
  readonly topics: Topics;
  readonly cache: FrameCache;
  /** Called for each event, in the log's order, once it and what was due together with it was pushed. It must not throw. */
  readonly onEvent: (stream: RoomStream, event: RoomEvent) => void;
  /** Called for what other nodes tell of the room beside its events. It must not throw. */
  readonly onSignal?: (roomId: string, signal: RoomSignal) => void;
  /** Called when the log no longer has what comes next: the stream cannot go on. */
  readonly onLost: (stream: RoomStream) => void;
  /** Told once when the log cannot be read; the stream tries again by itself. */
  readonly onTrouble: (roomId: string, error: unknown) => void;
}

/** What the bus carries on a room's channel. */
export type RoomMessage = Partial<RoomCommitted & RoomDropped & RoomStatePush & RoomSignalled>;

/** What a connection that is not subscribed yet would have been pushed out of order. */
export interface MissedStates {
  readonly frames: ReadonlyMap<string, OutboundFrame>;
  done(): void;
}

/**
 * One room's log as this node pushes it: each event once, in order, without a gap, whatever the bus loses, repeats
 * or reorders. What the bus did not bring is read from the log, by one read at a time.
 */
export class RoomStream {
  readonly topic: Topic;
  private readonly frames: RoomFrames;
  private readonly early = new Map<number, RoomEvent>();
  /** What comes next, and is published together. */
  private run: RoomEvent[] = [];
  private readonly states = new HeldStates();
  /** For those who are on their way into the room. */
  private readonly missed = new Set<Map<string, OutboundFrame>>();
  /** The highest `seq` that is known to be in the log. */
  private goal: number;
  private isRepairing = false;
  private isStopped = false;
  private failures = 0;
  private cancelRepair: Cancel | undefined;

  constructor(
    readonly roomId: string,
    /** It publishes what comes after this event. */
    readonly start: number,
    private readonly services: StreamServices,
  ) {
    this.goal = start;
    this.frames = new RoomFrames(roomId, start, services.log, services.cache);
    this.topic = services.topics.create(roomChannel(roomId), start, this.frames);
  }

  /** The last event that was published here. */
  get position(): number {
    return this.topic.position;
  }

  /** Events after `seq`, at most `limit`, if all of them are in memory. */
  recent(seq: number, limit: number): RecentStretch | undefined {
    const { position } = this;
    const wanted = Math.min(limit, position - seq);
    const frames = wanted > 0 ? this.frames.cached(seq, position, wanted) : [];
    if (frames.length < wanted || wanted <= 0) return undefined;
    const events = frames.map(({ frame }) => frame.data as RoomEvent);
    const oldestShown = Math.min(...events.map((event) => shownSeq(event) ?? Infinity));
    return { after: seq, events, sizes: frames.map(({ frame }) => frame.text.length), position, oldestShown };
  }

  /** Whether the log goes further than what was published here, as far as is known. */
  get isBehind(): boolean {
    return this.position < this.goal;
  }

  /** Takes a message of the room's bus channel. */
  receive(message: RoomMessage): void {
    if (message.dropped !== undefined) this.frames.drop(message.dropped.from, message.dropped.until);
    this.accept(message.events ?? []);
    if (message.state !== undefined) this.pushState(message.state);
    if (message.signal !== undefined) this.services.onSignal?.(this.roomId, message.signal);
    this.repairIn(REORDER_MS);
  }

  /** Learns that the log begins at `floor`. False if that is known here already. */
  raiseFloor(floor: number): boolean {
    return this.frames.raiseFloor(floor);
  }

  /** Pushes a state to those in the room here, once what it was made at is reached. */
  pushState(state: RoomStatePush['state']): void {
    if (state.head <= this.position) return this.publishState(state);
    this.states.hold(state);
    this.expect(state.head, REORDER_MS);
  }

  /** Learns that the log goes up to `head`, and reads what is missing unless it comes within `waitMs`. */
  expect(head: number, waitMs = 0): void {
    this.goal = Math.max(this.goal, head);
    this.repairIn(waitMs);
  }

  /** Keeps the last state of each key from now until `done`, for a connection that is subscribed then. */
  keepStates(): MissedStates {
    const frames = new Map<string, OutboundFrame>();
    this.missed.add(frames);
    return { frames, done: () => this.missed.delete(frames) };
  }

  stop(): void {
    this.isStopped = true;
    this.cancelRepair?.();
    this.early.clear();
  }

  /** The `seq` that is published next. */
  private get next(): number {
    return this.position + this.run.length + 1;
  }

  private accept(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (this.isStopped || event.seq < this.next) continue;
      this.goal = Math.max(this.goal, event.seq);
      if (event.seq > this.next) this.hold(event);
      else this.goOn(event);
    }
    this.publishRun();
    if (this.position >= this.goal) this.early.clear();
  }

  private hold(event: RoomEvent): void {
    if (this.early.size >= MAX_HELD) this.early.clear();
    else this.early.set(event.seq, event);
  }

  /** The next event, and those that have waited for it. */
  private goOn(event: RoomEvent): void {
    for (let next: RoomEvent | undefined = event; next !== undefined; next = this.early.get(this.next)) {
      this.early.delete(next.seq);
      this.run.push(next);
      // Who comes and goes does so right after the event that tells of it, and a state is due right after its head.
      if (!this.states.isEmpty || membershipChangesOf(next).length > 0) this.publishRun();
    }
  }

  private publishRun(): void {
    const { run } = this;
    const [first] = run;
    if (first === undefined) return;
    this.run = [];
    const frames = run.map((event) => {
      const frame = frameOf(event);
      this.frames.remember(event, frame);
      return frame;
    });
    this.topic.publish(first.seq, ...frames);
    for (const event of run) this.services.onEvent(this, event);
    for (const state of this.states.due(this.position)) this.publishState(state);
  }

  private publishState({ key, event, data }: RoomStatePush['state']): void {
    const frame = new OutboundFrame(event, data);
    this.topic.publishState(key, frame);
    for (const states of this.missed) keepLast(states, key, frame);
  }

  private repairIn(waitMs: number): void {
    if (this.isStopped || this.isRepairing || this.position >= this.goal) return;
    if (waitMs > 0 && this.cancelRepair !== undefined) return;
    this.cancelRepair?.();
    this.cancelRepair = undefined;
    if (waitMs === 0) void this.repair();
    else this.cancelRepair = this.services.clock.after(waitMs, () => void this.repair());
  }

  private async repair(): Promise<void> {
    this.cancelRepair = undefined;
    if (this.isRepairing) return;
    this.isRepairing = true;
    try {
      while (!this.isStopped && this.position < this.goal) await this.readOn();
      this.failures = 0;
      this.isRepairing = false;
    } catch (error) {
      this.isRepairing = false;
      this.retryLater(error);
    }
  }

  private async readOn(): Promise<void> {
    const before = this.position;
    const events = await this.services.log.events(this.roomId, before, this.goal);
    this.accept(events);
    if (this.isStopped || this.position > before) return;
    if (await isDropped(this.services.log, this.roomId, before + 1)) {
      this.services.onLost(this);
    } else {
      throw new Error(
        `room ${this.roomId}: the log gave nothing after ${before}, though it goes to ${this.goal}`,
      );
    }
  }

  private retryLater(error: unknown): void {
    if (this.isStopped) return;
    if (this.failures === 0) this.services.onTrouble(this.roomId, error);
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** this.failures, LONGEST_RETRY_MS);
    this.failures += 1;
    this.repairIn(waitMs);
  }
}
