import { type Cancel, Clock } from '../realtime/index.js';

/** Far from the real time, so that code which asks the system instead of the clock is found out. */
const DEFAULT_START = '2030-01-01T00:00:00.000Z';

interface Timer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly task: () => void;
}

/** A clock that stands still until a test advances it. */
export class ManualClock extends Clock {
  private readonly startMs: number;
  private elapsedMs = 0;
  private skewMs = 0;
  private readonly timers = new Set<Timer>();

  constructor(start: Date | string | number = DEFAULT_START) {
    super();
    this.startMs = new Date(start).getTime();
  }

  now(): number {
    return this.startMs + this.elapsedMs + this.skewMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.schedule({ dueMs: this.elapsedMs + Math.max(0, delayMs), periodMs: undefined, task });
  }

  every(periodMs: number, task: () => void): Cancel {
    // A period of zero would never let an advance end.
    const period = Math.max(1, periodMs);
    return this.schedule({ dueMs: this.elapsedMs + period, periodMs: period, task });
  }

  /**
   * Lets time pass. What is due meanwhile runs in its order, each task at its own moment, and what it sets off gets a
   * turn of the event loop before the next.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.elapsedMs + ms;
    for (let timer = this.nextDue(endMs); timer !== undefined; timer = this.nextDue(endMs)) {
      this.elapsedMs = timer.dueMs;
      this.run(timer);
      await turn();
    }
    this.elapsedMs = endMs;
    await turn();
  }

  /** Moves wall time alone, as a system's clock that is set: timers and `monotonicMs` do not notice. */
  jump(ms: number): void {
    this.skewMs += ms;
  }

  private schedule(timer: Timer): Cancel {
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  private run(timer: Timer): void {
    if (timer.periodMs === undefined) this.timers.delete(timer);
    else timer.dueMs += timer.periodMs;
    timer.task();
  }

  /** The earliest timer due by `endMs`; of several at one moment, the one that was set first. */
  private nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** One turn of the event loop, with every microtask before and after it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
