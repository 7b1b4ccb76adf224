import type { Clock } from '../clock/clock.js';

/** Something that must be done in time. */
export interface Due {
  /** Monotonic time, in milliseconds; set by `Deadlines`. */
  dueAtMs: number;
  onMissed(): void;
}

/** Time-outs of one length, on one timer: the first to be set is the first to end. */
export class Deadlines {
  private readonly pending = new Set<Due>();
  private isTimerSet = false;

  constructor(
    private readonly clock: Clock,
    private readonly afterMs: number,
  ) {}

  /** Calls `due.onMissed` unless it is cancelled in time. */
  set(due: Due): void {
    due.dueAtMs = this.clock.monotonicMs() + this.afterMs;
    this.pending.add(due);
    if (!this.isTimerSet) this.arm(this.afterMs);
  }

  /** Gives it up, and tells how many milliseconds after it was set. */
  cancel(due: Due): number {
    this.pending.delete(due);
    return this.clock.monotonicMs() - due.dueAtMs + this.afterMs;
  }

  private arm(delayMs: number): void {
    this.isTimerSet = true;
    this.clock.after(delayMs, () => this.onTimer());
  }

  private onTimer(): void {
    this.isTimerSet = false;
    const now = this.clock.monotonicMs();
    for (const due of this.pending) {
      if (due.dueAtMs > now) {
        this.arm(due.dueAtMs - now);
        return;
      }
      this.pending.delete(due);
      due.onMissed();
    }
  }
}
