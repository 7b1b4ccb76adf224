import type { Redis } from 'ioredis';
import type { Cancel, Clock } from '../clock/clock.js';

const PROBE_PERIOD_MS = 1_000;

/** A server that says nothing for so long hangs, and so does whoever waits for it. */
const PROBE_TIMEOUT_MS = 2_000;

/** Told when the connection was lost, with the reason, and when it is there again. */
export type WatchListener = (state: { readonly isUp: boolean; readonly reason: string }) => void;

/** What is to be known of a connection. */
export interface Watched {
  readonly connection: Redis;
  /** Whether the server, which answers, is of use; without it every server is that answers. */
  readonly isServing?: () => Promise<boolean>;
}

/**
 * Knows whether a connection to Redis is of use: it is there, and the server answers. A connection whose server hangs, or
 * whose other end has vanished without a word, is given up and made anew; nobody else would notice.
 */
export class RedisWatch {
  #isUp = false;
  #isStopped = false;
  #lastError = '';
  #cancel: Cancel | undefined;
  #cancelTimeout: Cancel | undefined;

  constructor(
    private readonly watched: Watched,
    private readonly clock: Clock,
    private readonly listener: WatchListener,
  ) {
    const { connection } = watched;
    connection.on('error', (error: Error) => (this.#lastError = reasonOf(error)));
    connection.on('ready', () => this.#connected());
    connection.on('close', () => this.#become(false, this.#lastError || 'the connection was closed'));
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Why it was not there the last time; '' if it always was. */
  get lastError(): string {
    return this.#lastError;
  }

  start(): void {
    this.#cancel = this.clock.every(PROBE_PERIOD_MS, () => this.#probe());
  }

  /** Changes are told no more. */
  stop(): void {
    this.#cancel?.();
    this.#cancelTimeout?.();
    this.#isUp = false;
    this.#isStopped = true;
  }

  #connected(): void {
    if (this.watched.isServing === undefined) this.#become(true);
    else this.#probe();
  }

  #probe(): void {
    const { connection } = this.watched;
    if (connection.status !== 'ready' || this.#cancelTimeout !== undefined) return;
    const cancel = this.clock.after(PROBE_TIMEOUT_MS, () => {
      this.#cancelTimeout = undefined;
      this.#become(false, 'it does not answer');
      connection.disconnect(true);
    });
    this.#cancelTimeout = cancel;
    // One that fails has lost its connection or its time: both are noticed where they happen.
    this.#ask().then(
      (isServing) => {
        if (this.#cancelTimeout !== cancel) return;
        cancel();
        this.#cancelTimeout = undefined;
        this.#become(isServing, 'it answers that it does not serve');
      },
      () => undefined,
    );
  }

  async #ask(): Promise<boolean> {
    const { connection, isServing } = this.watched;
    if (isServing !== undefined) return isServing();
    await connection.ping();
    return true;
  }

  #become(isUp: boolean, reason = ''): void {
    if (!isUp) {
      this.#cancelTimeout?.();
      this.#cancelTimeout = undefined;
    }
    if (this.#isStopped || this.#isUp === isUp) return;
    this.#isUp = isUp;
    this.listener({ isUp, reason });
    if (isUp) this.#lastError = '';
  }
}

/** Errors of several addresses of one name have no message of their own. */
function reasonOf(error: Error & { readonly code?: string }): string {
  return error.message || error.code || error.name;
}
