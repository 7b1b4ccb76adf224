import type { Cancel, Clock } from '../clock/clock.js';

interface Deadline {
  readonly atMs: number;
  onMissed: (() => void) | undefined;
}

/** Time-outs of one length, on one timer: the first to be set is the first to end. */
export class Deadlines {
  private readonly pending: Deadline[] = [];
  private first = 0;
  private isTimerSet = false;

  constructor(
    private readonly clock: Clock,
    private readonly afterMs: number,
  ) {}

  /** Calls `onMissed` unless cancelled in time. */
  set(onMissed: () => void): Cancel {
    const deadline: Deadline = { atMs: this.clock.monotonicMs() + this.afterMs, onMissed };
    this.pending.push(deadline);
    this.arm(deadline.atMs);
    return () => {
      deadline.onMissed = undefined;
    };
  }

  private arm(atMs: number): void {
    if (this.isTimerSet) return;
    this.isTimerSet = true;
    this.clock.after(Math.max(0, atMs - this.clock.monotonicMs()), () => this.onTimer());
  }

  private onTimer(): void {
    this.isTimerSet = false;
    const now = this.clock.monotonicMs();
    for (;;) {
      const next = this.pending[this.first];
      if (next === undefined) break;
      if (next.onMissed !== undefined && next.atMs > now) {
        this.arm(next.atMs);
        break;
      }
      this.first++;
      next.onMissed?.();
    }
    this.pending.splice(0, this.first);
    this.first = 0;
  }
}
