import { Logger } from '@nestjs/common';
import type { Cancel, Clock } from '../../../realtime/index.js';
import type { Store } from '../../../storage/index.js';
import type { RoomEvent } from '../log/index.js';
import type { ConsumerTerms } from './consumer-terms.js';
import type { Claim, Page, store as consumersStore } from './consumers.store.js';
import type { LogConsumer } from './log-consumer.js';

/** Between two batches that are not full: what comes meanwhile is one batch, and one commit that says so. */
const GATHER_MS = 50;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/** What feeds need of the service around them. */
export interface FeedSurroundings {
  readonly store: Store<typeof consumersStore>;
  readonly clock: Clock;
  /** Names this process in claims. */
  readonly holder: string;
}

/**
 * Hands one consumer its events: a page from the store, the consumer's work, the note that it is done, and the next page.
 * It holds no more than one page, and a claim of the consumer, so that of several nodes one does this.
 */
export class ConsumerFeed {
  readonly #logger = new Logger('Consumers');
  #running: Promise<void> | undefined;
  #cancelNext: Cancel | undefined;
  #abort: ((reason: Error) => void) | undefined;
  #isWoken = false;
  #isStopped = false;
  #failures = 0;
  /** On the monotonic clock. */
  #notBeforeMs = 0;
  #heldUntilMs = 0;

  constructor(
    private readonly consumer: LogConsumer,
    private readonly terms: ConsumerTerms,
    private readonly around: FeedSurroundings,
  ) {}

  /** How often in a row it has failed. */
  get failures(): number {
    return this.#failures;
  }

  /** There may be events for the consumer. */
  wake(): void {
    this.#isWoken = true;
    if (this.#running === undefined && this.#cancelNext === undefined) this.#schedule();
  }

  /** Hands over nothing more. What the consumer is at has until `graceMs` from now; afterwards nobody waits for it. */
  stop(graceMs: number): void {
    this.#isStopped = true;
    this.#cancelNext?.();
    if (this.#running === undefined) return;
    this.around.clock.after(graceMs, () => this.#abort?.(new Error('the service has stopped')));
  }

  /** Resolves when nothing of this feed runs any more. */
  async ended(): Promise<void> {
    await this.#running;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const delayMs = this.#notBeforeMs - this.around.clock.monotonicMs();
    if (delayMs <= 0) {
      this.#run();
      return;
    }
    this.#cancelNext = this.around.clock.after(delayMs, () => this.#run());
  }

  #run(): void {
    this.#cancelNext = undefined;
    this.#isWoken = false;
    this.#running = this.#round().then((hasMore) => {
      this.#running = undefined;
      if (hasMore || this.#isWoken) this.#schedule();
    });
  }

  /** Hands over a page, if there is one. Whether there is more to do, as far as is known. */
  async #round(): Promise<boolean> {
    try {
      const page = await this.#nextPage();
      if (page === undefined || this.#isStopped) return false;
      if (page.events.length > 0) await this.#handle(page.events);
      const isNoted = await this.#acknowledge(page);
      this.#noteSuccess();
      this.#pause(page.hasMore ? 0 : GATHER_MS);
      return page.hasMore || !isNoted;
    } catch (error) {
      this.#noteFailure(error);
      this.#pause(retryMs(this.#failures));
      return true;
    }
  }

  #pause(delayMs: number): void {
    this.#notBeforeMs = this.around.clock.monotonicMs() + delayMs;
  }

  /** Undefined when there is none, or another node has the consumer. */
  async #nextPage(): Promise<Page | undefined> {
    const page = await this.around.store.page(this.terms);
    if (page.places.length === 0) return undefined;
    const isHeld = this.#heldUntilMs - this.around.clock.monotonicMs() >= this.terms.timeoutMs;
    if (isHeld) return page;
    if (!(await this.#hold((claim) => this.around.store.claim(claim)))) return undefined;
    // Whoever held it until now may have gone on since the page was read.
    return await this.around.store.page(this.terms);
  }

  async #handle(events: readonly RoomEvent[]): Promise<void> {
    const { timeoutMs } = this.terms;
    const abort = new AbortController();
    const { signal } = abort;
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    this.#abort = (reason) => abort.abort(reason);
    const late = new Error(`handle() was not done after ${timeoutMs} ms`);
    const cancel = this.around.clock.after(timeoutMs, () => abort.abort(late));
    try {
      const attempt = this.#failures + 1;
      await Promise.race([this.consumer.handle({ events, attempt, signal }), ended]);
    } finally {
      cancel();
      this.#abort = undefined;
    }
  }

  async #acknowledge({ places }: Page): Promise<boolean> {
    return await this.#hold((claim) => this.around.store.acknowledge({ ...claim, places }));
  }

  /** A claim outlives what the consumer may take for one batch, twice. */
  async #hold(take: (claim: Claim) => Promise<boolean>): Promise<boolean> {
    const { clock, holder } = this.around;
    const leaseMs = 2 * this.terms.timeoutMs;
    const heldUntilMs = clock.monotonicMs() + leaseMs;
    const isMine = await take({ consumer: this.terms.name, holder, leaseMs, nowMs: clock.now() });
    this.#heldUntilMs = isMine ? heldUntilMs : 0;
    return isMine;
  }

  #noteSuccess(): void {
    if (this.#failures === 0) return;
    this.#logger.log({
      msg: 'a consumer of the log works again',
      consumer: this.terms.name,
      failures: this.#failures,
    });
    this.#failures = 0;
  }

  /** Logged once, however often it fails in a row. */
  #noteFailure(error: unknown): void {
    this.#failures += 1;
    if (this.#failures === 1) {
      this.#logger.error({
        msg: 'events could not be handed to a consumer of the log: they come again',
        consumer: this.terms.name,
        err: error,
      });
    }
  }
}

/** Doubles with each failure in a row. The last fifth is left to chance, so that those who failed together come apart. */
function retryMs(failures: number): number {
  const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
  return delayMs * (0.8 + 0.2 * Math.random());
}
