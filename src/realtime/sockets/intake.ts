import type { PendingRequest } from '../dispatch/request-reader.js';
import { DISCARDED, type FrameMeter } from '../limits/frame-meter.js';

/** A message above the rate: it is read only to be answered so. */
interface LimitedMessage {
  readonly message: Buffer;
  readonly retryAfterMs: number;
}

/** What an intake needs of its connection. */
export interface IntakeOwner {
  /** `undefined` when frames are not limited. */
  readonly meter: FrameMeter | undefined;
  /** What a message of so many bytes counts for, in frames. */
  costOf(bytes: number): number;
  /** Reads a message; `retryAfterMs` above 0 says that it is above the rate. */
  read(message: Buffer, retryAfterMs: number): PendingRequest;
}

/**
 * The messages of one connection that wait to be read. Whether a frame is within the rate is decided when it comes, before
 * anything of it is parsed; it is parsed in its turn.
 */
export class Intake {
  private waiting: (Buffer | LimitedMessage)[] = [];

  constructor(private readonly owner: IntakeOwner) {}

  /** Messages that wait. */
  get size(): number {
    return this.waiting.length;
  }

  /** Takes a message, or discards it unread when it is far above the rate. */
  push(message: Buffer): void {
    const retryAfterMs = this.owner.meter?.count(this.owner.costOf(message.length)) ?? 0;
    if (retryAfterMs === DISCARDED) return;
    this.waiting.push(retryAfterMs === 0 ? message : { message, retryAfterMs });
  }

  /** Reads the next request; `undefined` when nothing waits. */
  next(): PendingRequest | undefined {
    const next = this.waiting.shift();
    if (next === undefined) return undefined;
    return Buffer.isBuffer(next)
      ? this.owner.read(next, 0)
      : this.owner.read(next.message, next.retryAfterMs);
  }

  clear(): void {
    this.waiting = [];
  }
}
