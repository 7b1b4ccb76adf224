import { StorageError } from '../storage-error.js';
import { DatabaseThread } from './database-thread.js';
import type { ThreadCall, ThreadSettings } from './thread-messages.js';

export interface LaneSettings {
  readonly thread: Omit<ThreadSettings, 'begun'>;
  /** Threads at most; each is started when there is more to do than the others can take. */
  readonly size: number;
  /** Calls that a thread is given before the one it works at is answered. */
  readonly depth: number;
  /** Calls that may wait, those at work included; more are refused. */
  readonly maxWaiting: number;
}

interface WaitingCall {
  readonly call: ThreadCall;
  readonly resolve: (result: Promise<unknown>) => void;
}

/** Threads of one role behind one queue. A thread that has died is replaced when the next call comes. */
export class ThreadLane {
  readonly #waiting: WaitingCall[] = [];
  #threads: DatabaseThread[] = [];
  #isClosed = false;

  constructor(private readonly settings: LaneSettings) {}

  /** Performs the call when its turn comes. */
  async run(call: ThreadCall): Promise<unknown> {
    if (this.#isClosed) throw new StorageError('not-stored', 'the database is closed');
    if (this.#load() >= this.settings.maxWaiting) {
      throw new StorageError('not-stored', `${this.settings.maxWaiting} calls wait for the database already`);
    }
    return new Promise((resolve) => {
      this.#waiting.push({ call, resolve });
      this.#dispatch();
    });
  }

  /** Performs what is waiting, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#dispatch(Infinity);
    await Promise.all(this.#threads.map(async (thread) => thread.close()));
  }

  #load(): number {
    return this.#threads.reduce((sum, thread) => sum + thread.load, this.#waiting.length);
  }

  #dispatch(depth = this.settings.depth): void {
    while (this.#waiting.length > 0) {
      const thread = this.#free(depth);
      if (thread === undefined) return;
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) this.#give(thread, waiting);
    }
  }

  #give(thread: DatabaseThread, { call, resolve }: WaitingCall): void {
    const result = thread.run(call);
    const goOn = (): void => this.#dispatch();
    result.then(goOn, goOn);
    resolve(result);
  }

  /** The least loaded thread that takes one more; a new one before a busy one. */
  #free(depth: number): DatabaseThread | undefined {
    this.#threads = this.#threads.filter((thread) => !thread.hasEnded);
    const [least] = this.#threads.toSorted((one, other) => one.load - other.load);
    if (least?.load === 0) return least;
    if (this.#threads.length < this.settings.size) return this.#start();
    return least !== undefined && least.load < depth ? least : undefined;
  }

  #start(): DatabaseThread {
    const thread = new DatabaseThread(this.settings.thread);
    this.#threads.push(thread);
    return thread;
  }
}
