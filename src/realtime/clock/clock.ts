/** Stops what was scheduled; calling it again, or too late, does nothing. */
export type Cancel = () => void;

/**
 * The only source of time. Wall time is for what people and tokens see; everything that measures a span (leases,
 * time-outs, heartbeats) uses the monotonic clock, which a jump of the system's clock does not move.
 */
export abstract class Clock {
  /** Wall time in milliseconds since 1970 (UTC). */
  abstract now(): number;

  /** Milliseconds since some fixed moment; never goes back. */
  abstract monotonicMs(): number;

  /** Runs `task` once, `delayMs` from now on the monotonic clock. It never keeps the process alive. */
  abstract after(delayMs: number, task: () => void): Cancel;

  /** Runs `task` every `periodMs` until cancelled. It never keeps the process alive. */
  abstract every(periodMs: number, task: () => void): Cancel;

  /** Wall time as ISO 8601 in UTC, with milliseconds. */
  isoNow(): string {
    return new Date(this.now()).toISOString();
  }
}
