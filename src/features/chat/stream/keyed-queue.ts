/** Runs tasks of one key one after the other, those of different keys side by side. Tasks must not reject. */
export class KeyedQueue {
  private readonly waiting = new Map<string, (() => Promise<void>)[]>();

  /** Whether a task of this key is running. */
  isBusy(key: string): boolean {
    return this.waiting.has(key);
  }

  /** Starts the task at once when its key is not busy. */
  add(key: string, task: () => Promise<void>): void {
    const queue = this.waiting.get(key);
    if (queue !== undefined) {
      queue.push(task);
      return;
    }
    const begun: (() => Promise<void>)[] = [];
    this.waiting.set(key, begun);
    void this.work(key, task, begun);
  }

  private async work(key: string, first: () => Promise<void>, queue: (() => Promise<void>)[]): Promise<void> {
    for (let task: (() => Promise<void>) | undefined = first; task !== undefined; task = queue.shift()) {
      await task();
    }
    this.waiting.delete(key);
  }
}
