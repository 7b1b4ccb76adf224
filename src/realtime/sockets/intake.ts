import type { PendingRequest } from '../dispatch/request-reader.js';
import type { Codec, FramePlaces } from '../frames/codec.js';
import { BadFrame } from '../frames/inbound-frame.js';
import { DISCARDED, type FrameMeter } from '../limits/frame-meter.js';

/** A message, and which of its frames are above the rate; these are read only to be answered so. */
interface MeteredMessage {
  readonly message: Buffer;
  /** Frames that are answered: those beyond are discarded. */
  readonly frames: number;
  /** The first of them, which are within the rate. */
  readonly within: number;
  readonly retryAfterMs: number;
}

/** A message whose frames are taken one by one. */
interface OpenMessage extends MeteredMessage {
  readonly places: FramePlaces;
  next: number;
}

/** What an intake needs of its connection. */
export interface IntakeOwner {
  readonly codec: Codec;
  /** `undefined` when frames are not limited. */
  readonly meter: FrameMeter | undefined;
  /** Frames for which the bytes of a message count beyond those that it holds. */
  surchargeOf(bytes: number): number;
  /** Reads a frame; `retryAfterMs` above 0 says that it is above the rate. */
  read(frame: Buffer, retryAfterMs: number): PendingRequest;
  /** A message, or the rest of one, is far above the rate and was thrown away unread. */
  onDiscarded(): void;
  /** A message that is none. */
  refuse(error: BadFrame): PendingRequest;
}

/**
 * The messages of one connection that wait to be read. Whether a frame is within the rate is decided when it comes, before
 * anything of it is parsed; it is parsed in its turn.
 */
export class Intake {
  /** A message of one frame within the rate is itself. */
  private waiting: (Buffer | MeteredMessage)[] = [];
  private open: OpenMessage | undefined;
  private frames = 0;

  constructor(private readonly owner: IntakeOwner) {}

  /** Frames that wait. */
  get size(): number {
    return this.frames;
  }

  /** Takes a message, or discards it unread when it is far above the rate. */
  push(message: Buffer): void {
    const announced = this.owner.codec.countFrames(message);
    const metered = announced === 1 ? this.meterOne(message) : this.meterMany(message, announced);
    const frames = framesOf(metered);
    if (frames < announced) this.owner.onDiscarded();
    if (metered === undefined) return;
    this.waiting.push(metered);
    this.frames += frames;
  }

  /** Reads the next request; `undefined` when nothing waits. */
  next(): PendingRequest | undefined {
    if (this.open !== undefined) return this.nextOf(this.open);
    const next = this.waiting.shift();
    if (next === undefined) return undefined;
    if (!Buffer.isBuffer(next)) return this.openMessage(next);
    if (this.owner.codec.isBinary)
      return this.openMessage({ message: next, frames: 1, within: 1, retryAfterMs: 0 });
    this.frames--;
    return this.owner.read(next, 0);
  }

  clear(): void {
    this.waiting = [];
    this.open = undefined;
    this.frames = 0;
  }

  private meterOne(message: Buffer): Buffer | MeteredMessage | undefined {
    const retryAfterMs = this.count(this.costOf(message));
    if (retryAfterMs === DISCARDED) return undefined;
    return retryAfterMs === 0 ? message : { message, frames: 1, within: 0, retryAfterMs };
  }

  /** Once one frame is above the rate, so are those after it: they have come at the same moment. */
  private meterMany(message: Buffer, announced: number): MeteredMessage | undefined {
    let [frames, within, retryAfterMs] = [0, 0, 0];
    for (let cost = this.costOf(message); frames < announced; frames++, cost = 1) {
      const waitMs = this.count(cost);
      if (waitMs === DISCARDED) break;
      if (waitMs === 0) within++;
      else retryAfterMs = waitMs;
    }
    return frames === 0 ? undefined : { message, frames, within, retryAfterMs };
  }

  private count(cost: number): number {
    return this.owner.meter?.count(cost) ?? 0;
  }

  /** What the first frame of a message counts for. */
  private costOf(message: Buffer): number {
    return 1 + this.owner.surchargeOf(message.length);
  }

  private openMessage(metered: MeteredMessage): PendingRequest {
    try {
      const open = { ...metered, places: this.owner.codec.locate(metered.message), next: 0 };
      this.open = open;
      return this.nextOf(open);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.frames -= metered.frames;
      return this.owner.refuse(error);
    }
  }

  private nextOf(open: OpenMessage): PendingRequest {
    const { message, places, within, retryAfterMs } = open;
    const at = open.next++;
    const start = at === 0 ? places.start : places.ends[at - 1];
    if (open.next >= Math.min(open.frames, places.ends.length)) this.open = undefined;
    this.frames--;
    return this.owner.read(message.subarray(start, places.ends[at]), at < within ? 0 : retryAfterMs);
  }
}

function framesOf(metered: Buffer | MeteredMessage | undefined): number {
  if (metered === undefined) return 0;
  return Buffer.isBuffer(metered) ? 1 : metered.frames;
}
