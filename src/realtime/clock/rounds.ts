import type { Cancel, Clock } from './clock.js';

/**
 * Work of which there is more again and again: done by the clock and when somebody asks, never twice at once. Those who
 * ask while a round is under way share the next one, so all that was due when they asked is done when they are told.
 */
export class Rounds {
  #cancel: Cancel | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isStopped = false;

  /** What fails is told to `failed`, and left to the next round. */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Whether no more rounds come by the clock: long work looks here between its steps. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From now on a round every `periodMs`, the first one after that time. */
  start(clock: Clock, periodMs: number): void {
    this.#cancel = clock.every(periodMs, () => void this.round());
  }

  /** Resolves after a round that begins now or later. Never rejects. */
  async round(): Promise<void> {
    if (this.#running) this.#next ??= this.#running.then(async () => this.#begin());
    await (this.#next ?? this.#begin());
  }

  /** Ends the rounds by the clock; resolves when none is under way. One that is asked for afterwards is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await (this.#next ?? this.#running);
  }

  async #begin(): Promise<void> {
    this.#next = undefined;
    this.#running = this.work()
      .catch(this.failed)
      .finally(() => {
        // Whoever waits for the next round has its place, also in the moment before that begins.
        if (!this.#next) this.#running = undefined;
      });
    await this.#running;
  }
}
