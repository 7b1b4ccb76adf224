import type { Counter } from '../metrics/instruments.js';
import type { Gcra } from './gcra.js';

const SECOND_MS = 1000;
/** So many seconds in which frames were discarded are a flood. */
const FLOOD_SECONDS = 10;

/** What `FrameMeter.count` says of a frame that is not to be read. */
export const DISCARDED = -1;

/** What the meters of all connections share. */
export interface MeterTerms {
  readonly gcra: Gcra;
  /** Frames at once. */
  readonly burst: number;
  /** Frames of one second beyond which they are discarded. */
  readonly floodPerSecond: number;
  readonly monotonicMs: () => number;
  /** What is above the rate, answered or not. */
  readonly refusals: Counter;
  /** What is not even read. */
  readonly discarded: Counter;
}

/**
 * The frames of one connection, against the rate: numbers only, nothing is allocated a frame and nobody is asked.
 *
 * It is of this node alone, since a connection is.
 */
export class FrameMeter {
  private fullAtMs = 0;
  private secondBeganMs = 0;
  private inSecond = 0;
  /** Seconds in which frames were discarded; a calm second takes one back. */
  private floodedSeconds = 0;
  private isSecondFlooded = false;

  constructor(private readonly terms: MeterTerms) {}

  /** Whether the connection has gone on for so long beyond ten times the rate that it is to be closed. */
  get isFlooded(): boolean {
    return this.floodedSeconds >= FLOOD_SECONDS;
  }

  /**
   * Counts a frame that has come, as `cost` frames. Returns 0 when it is within the rate, `DISCARDED` when it is beyond ten
   * times the rate, else the milliseconds after which it would be within.
   */
  count(cost = 1): number {
    const now = this.terms.monotonicMs();
    if (now - this.secondBeganMs >= SECOND_MS) this.beginSecond(now);
    this.inSecond += cost;
    if (this.inSecond > this.terms.floodPerSecond) {
      if (!this.isSecondFlooded) this.floodedSeconds++;
      this.isSecondFlooded = true;
      this.terms.refusals.add();
      this.terms.discarded.add();
      return DISCARDED;
    }
    return this.take(now, cost);
  }

  /**
   * Takes what a request costs beyond the one frame that was counted when it came: 0, or the milliseconds after which
   * frame and surcharge together would be within the rate. A cost above the burst is the whole burst.
   */
  surcharge(cost: number): number {
    const now = this.terms.monotonicMs();
    const surcharge = Math.min(cost, this.terms.burst) - 1;
    const fullAt = this.terms.gcra.fullAtAfter(this.fullAtMs, now, surcharge);
    if (this.terms.gcra.waitMs(fullAt, now) === 0) {
      this.fullAtMs = fullAt;
      return 0;
    }
    this.terms.refusals.add();
    return this.terms.gcra.waitMs(this.terms.gcra.fullAtAfter(fullAt, now, 1), now);
  }

  private take(now: number, cost: number): number {
    const whole = Math.min(cost, this.terms.burst);
    const fullAt = this.terms.gcra.fullAtAfter(this.fullAtMs, now, whole);
    const waitMs = this.terms.gcra.waitMs(fullAt, now);
    if (waitMs === 0) this.fullAtMs = fullAt;
    else this.terms.refusals.add();
    return waitMs;
  }

  private beginSecond(now: number): void {
    const calm = Math.floor((now - this.secondBeganMs) / SECOND_MS) - (this.isSecondFlooded ? 1 : 0);
    this.floodedSeconds = Math.max(0, this.floodedSeconds - calm);
    this.isSecondFlooded = false;
    this.inSecond = 0;
    this.secondBeganMs = now;
  }
}
