import { type PendingChange, weightOf } from './pending-change.js';

/** Events of one commit. More would make its first append wait for too long. */
const MAX_BATCH_EVENTS = 256;

/** Changes that are committed one batch after the other: those that come while a commit is in flight form the next one. */
export class Line {
  #queue: PendingChange[] = [];
  #running: Promise<void> | undefined;

  constructor(private readonly commit: (batch: readonly PendingChange[]) => Promise<void>) {}

  /** Changes that are in no commit yet. */
  get size(): number {
    return this.#queue.length;
  }

  /** Whether a commit is in flight, or about to be. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  push(changes: readonly PendingChange[]): void {
    this.#queue.push(...changes);
    if (changes.length > 0) this.#running ??= this.#run();
  }

  /** Puts changes of the last batch before all others, for the next one. Only while a commit is in flight. */
  putBack(changes: readonly PendingChange[]): void {
    this.#queue.unshift(...changes);
  }

  /** Takes the changes of a room out of the line. */
  extract(roomId: string): PendingChange[] {
    const isThere = ({ change }: PendingChange): boolean => change.roomId === roomId;
    const extracted = this.#queue.filter(isThere);
    if (extracted.length > 0) this.#queue = this.#queue.filter((pending) => !isThere(pending));
    return extracted;
  }

  /** Resolves when nothing is in it. */
  async end(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop belongs to the first batch.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) await this.commit(takeBatch(this.#queue));
    } finally {
      this.#running = undefined;
    }
  }
}

/** Takes the first of the changes, as many as one commit may have. */
export function takeBatch(queue: PendingChange[]): PendingChange[] {
  let events = 0;
  const end = queue.findIndex((pending) => (events += weightOf(pending)) > MAX_BATCH_EVENTS);
  return queue.splice(0, end === -1 ? queue.length : Math.max(end, 1));
}
