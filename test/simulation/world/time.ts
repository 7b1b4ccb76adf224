import { type Cancel, Clock } from '../../../src/realtime/index.js';

const START_MS = Date.UTC(2026, 0, 1);

interface Task {
  readonly atMs: number;
  /** Of two tasks at one moment the one that was set first runs first. */
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The world's time: it moves only from task to task, and between two of them everything that is ready to run does. */
export class SimulatedTime extends Clock {
  private readonly tasks: Task[] = [];
  private elapsedMs = 0;
  private lastOrder = 0;

  now(): number {
    return START_MS + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const task = {
      atMs: this.elapsedMs + Math.max(0, delayMs),
      order: ++this.lastOrder,
      run,
      isCancelled: false,
    };
    this.push(task);
    return () => void (task.isCancelled = true);
  }

  every(periodMs: number, run: () => void): Cancel {
    return repeat(this, periodMs, run);
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    await settled();
    for (let next = this.next(untilMs); next !== undefined; next = this.next(untilMs)) {
      this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
      next.run();
      await settled();
    }
    this.elapsedMs = untilMs;
  }

  private next(untilMs: number): Task | undefined {
    while (this.tasks[0] !== undefined && this.tasks[0].atMs <= untilMs) {
      const task = this.pop();
      if (task !== undefined && !task.isCancelled) return task;
    }
    return undefined;
  }

  /** A binary heap: a world has hundreds of timers, and its time is all that a run costs beside the code under test. */
  private push(task: Task): void {
    const { tasks } = this;
    let at = tasks.push(task) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(task, tasks[parent])) break;
      tasks[at] = tasks[parent] as Task;
      at = parent;
    }
    tasks[at] = task;
  }

  private pop(): Task | undefined {
    const { tasks } = this;
    const [first] = tasks;
    const last = tasks.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= tasks.length) break;
      if (isBefore(tasks[child + 1], tasks[child])) child += 1;
      if (!isBefore(tasks[child], last)) break;
      tasks[at] = tasks[child] as Task;
      at = child;
    }
    tasks[at] = last;
    return first;
  }
}

/**
 * A node's clock: nothing of a node that died ever runs again, and what is due while a node stands still runs afterwards, in
 * its order. Its wall time may be wrong.
 */
export class NodeClock extends Clock {
  private isDead = false;
  private standsUntilMs = 0;
  /** What was due while the node stood still. */
  private readonly missed: (() => void)[] = [];

  constructor(
    private readonly time: SimulatedTime,
    private readonly skewMs: number,
  ) {
    super();
  }

  now(): number {
    return this.time.now() + this.skewMs;
  }

  monotonicMs(): number {
    return this.time.monotonicMs();
  }

  after(delayMs: number, run: () => void): Cancel {
    let isCancelled = false;
    const attempt = (): void => {
      if (isCancelled || this.isDead) return;
      if (this.isStanding) this.missed.push(attempt);
      else run();
    };
    const cancel = this.time.after(delayMs, attempt);
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  every(periodMs: number, run: () => void): Cancel {
    return repeat(this, periodMs, run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  kill(): void {
    this.isDead = true;
  }

  /** As a node that is swapped out, or collects garbage. */
  standStill(ms: number): void {
    this.standsUntilMs = this.time.monotonicMs() + ms;
    this.time.after(ms, () => this.catchUp());
  }

  goOn(): void {
    this.standsUntilMs = 0;
    this.catchUp();
  }

  private get isStanding(): boolean {
    return this.standsUntilMs > this.time.monotonicMs();
  }

  private catchUp(): void {
    if (!this.isStanding) for (const attempt of this.missed.splice(0)) this.time.after(0, attempt);
  }
}

function repeat(clock: Clock, periodMs: number, run: () => void): Cancel {
  let cancel: Cancel;
  const again = (): void => {
    cancel = clock.after(periodMs, () => {
      again();
      run();
    });
  };
  again();
  return () => cancel();
}

function isBefore(one: Task | undefined, other: Task | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** A turn of the event loop: every promise that can go on has gone on before it ends. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
