import { Worker } from 'node:worker_threads';
import { StorageError } from '../storage-error.js';
import { compiledUrl } from './compiled-url.js';
import { errorOf } from './thread-failure.js';
import type { ThreadAnswer, ThreadCall, ThreadSettings } from './thread-messages.js';

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A worker thread with a connection of its own. It keeps the process alive only while it has calls to answer. */
export class DatabaseThread {
  readonly #worker: Worker;
  readonly #role: ThreadSettings['role'];
  readonly #begun = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
  readonly #pending = new Map<number, PendingCall>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  #fault: Error | undefined;
  #hasEnded = false;

  constructor(settings: Omit<ThreadSettings, 'begun'>) {
    this.#role = settings.role;
    this.#worker = new Worker(new URL('./database-thread.main.js', compiledUrl(import.meta.url)), {
      name: `database-${settings.role}`,
      workerData: { ...settings, begun: this.#begun } satisfies ThreadSettings,
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: ThreadAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => (this.#fault = error));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#abandon();
        resolve();
      });
    });
  }

  /** Calls that are not answered yet. */
  get load(): number {
    return this.#pending.size;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Hands the call to the thread; calls are performed one after the other. */
  async run(call: ThreadCall): Promise<unknown> {
    const id = ++this.#lastId;
    this.#worker.postMessage({ id, call });
    if (this.#pending.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** Resolves when all earlier calls are answered, the connection is closed and the thread has ended. */
  async close(): Promise<void> {
    if (!this.#hasEnded) await this.run({ kind: 'close' });
    // The close is answered, so nothing else would keep the process alive for the rest.
    this.#worker.ref();
    await this.#ended;
  }

  #settle(answer: ThreadAnswer): void {
    const call = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('failure' in answer) call?.reject(errorOf(answer.failure));
    else call?.resolve(answer.result);
  }

  /** The thread is gone. A write that had begun may have been committed without our being told. */
  #abandon(): void {
    this.#hasEnded = true;
    const begun = this.#begun[0] ?? 0;
    for (const [id, call] of this.#pending) {
      const outcome = this.#role === 'writer' && id <= begun ? 'unknown' : 'not-stored';
      const reason = this.#fault === undefined ? '' : `: ${this.#fault.message}`;
      call.reject(
        new StorageError(outcome, `a database thread ended unexpectedly${reason}`, { cause: this.#fault }),
      );
    }
    this.#pending.clear();
  }
}
