import { type Cancel, Clock } from '../../src/realtime/index.js';

interface Task {
  readonly run: () => void;
  readonly atMs: number;
}

/** Time that moves only when told; between two tasks everything that is ready to run does. */
export class SteppedClock extends Clock {
  private readonly tasks = new Set<Task>();
  private elapsedMs = 0;

  now(): number {
    return Date.UTC(2026, 0, 1) + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    const scheduled = { run: task, atMs: this.elapsedMs + delayMs };
    this.tasks.add(scheduled);
    return () => this.tasks.delete(scheduled);
  }

  every(periodMs: number, task: () => void): Cancel {
    let cancel: Cancel;
    const again = (): void => {
      cancel = this.after(periodMs, () => {
        again();
        task();
      });
    };
    again();
    return () => cancel();
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    await settled();
    for (let next = this.next(untilMs); next !== undefined; next = this.next(untilMs)) {
      this.tasks.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
      next.run();
      await settled();
    }
    this.elapsedMs = untilMs;
  }

  private next(untilMs: number): Task | undefined {
    let first: Task | undefined;
    for (const task of this.tasks) {
      if (task.atMs <= untilMs && (first === undefined || task.atMs < first.atMs)) first = task;
    }
    return first;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
