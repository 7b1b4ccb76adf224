import { Inject, Injectable } from '@nestjs/common';
import { Clock, RealtimeError } from '../../../realtime/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';

/** A password mistyped or forgotten costs nothing yet. */
const FREE_FAILURES = 5;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 900_000;
/** Longer than the longest delay, so that nobody gains by waiting. */
const FORGOTTEN_AFTER_MS = 3_600_000;
/** Some megabytes. The oldest are forgotten first; addresses are limited by themselves. */
const MOST_ENTRIES = 50_000;

interface Entry {
  failures: number;
  /** Guesses under way: what becomes of them is not known yet. */
  pending: number;
  blockedUntilMs: number;
  lastFailureMs: number;
  waiting: (() => void)[];
}

/** Whose password is tried, and from where. A stranger's failures are not the owner's, who sends from another address. */
export interface LoginAttempt {
  /** The name, or the id of a known caller. */
  readonly account: string;
  readonly address: string;
}

/**
 * Delays guesses of one account's password from one address: after five failures by a second, then twice as long after
 * each, up to 15 minutes. It holds for names that nobody has, too. Counted on this node, since its start.
 */
@Injectable()
export class LoginFailures {
  readonly #entries = new Map<string, Entry>();
  readonly #isOff: boolean;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) { loginsPerMinute }: AuthSettings,
  ) {
    this.#isOff = loginsPerMinute === 0;
  }

  /**
   * Runs a guess and gives what it gives. `RATE_LIMITED` while the delay lasts: nothing has been read or hashed then. Guesses at
   * once wait for one another as far as their failures would delay them. `isWrong` tells a wrong guess by its error; any other
   * error counts neither way.
   */
  async judge<T>(
    attempt: LoginAttempt,
    guess: () => Promise<T>,
    isWrong: (error: unknown) => boolean,
  ): Promise<T> {
    if (this.#isOff) return await guess();
    const key = JSON.stringify([attempt.account, attempt.address]);
    const entry = await this.#admitted(key);
    try {
      const result = await guess();
      this.#entries.delete(key);
      return result;
    } catch (error) {
      if (isWrong(error)) this.#noteFailure(entry);
      throw error;
    } finally {
      entry.pending -= 1;
      for (const wake of entry.waiting.splice(0)) wake();
    }
  }

  async #admitted(key: string): Promise<Entry> {
    for (;;) {
      const entry = this.#entryOf(key);
      const waitMs = Math.ceil(entry.blockedUntilMs - this.clock.monotonicMs());
      if (waitMs > 0) throw new RealtimeError('RATE_LIMITED', 'too many attempts', { retryAfterMs: waitMs });
      if (entry.pending < Math.max(1, FREE_FAILURES - entry.failures)) {
        entry.pending += 1;
        return entry;
      }
      await new Promise<void>((resolve) => entry.waiting.push(resolve));
    }
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known && (known.pending > 0 || !this.#isForgotten(known))) return known;
    const entry: Entry = {
      failures: 0,
      pending: 0,
      blockedUntilMs: 0,
      lastFailureMs: this.clock.monotonicMs(),
      waiting: [],
    };
    // Entered anew, so that the oldest come first.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#dropOldest();
    return entry;
  }

  #noteFailure(entry: Entry): void {
    entry.failures += 1;
    entry.lastFailureMs = this.clock.monotonicMs();
    const excess = entry.failures - FREE_FAILURES;
    if (excess < 0) return;
    entry.blockedUntilMs = entry.lastFailureMs + Math.min(FIRST_DELAY_MS * 2 ** excess, LONGEST_DELAY_MS);
  }

  #dropOldest(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= MOST_ENTRIES && !this.#isForgotten(entry)) return;
      if (entry.pending === 0) this.#entries.delete(key);
    }
  }

  #isForgotten({ lastFailureMs }: Entry): boolean {
    return this.clock.monotonicMs() - lastFailureMs >= FORGOTTEN_AFTER_MS;
  }
}
