import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Inject, Injectable } from '@nestjs/common';
import { RealtimeError } from '../../../realtime/index.js';
import { AUTH_SETTINGS, type AuthSettings, type PasswordHashing } from '../auth.settings.js';

/** OWASP's password storage advice for argon2id. Two at once leave half of Node's four pool threads to others. */
const RECOMMENDED: PasswordHashing = { memoryKiB: 19_456, passes: 2, concurrency: 2 };
/** Argon2id, written out because a `const enum` of another package cannot be read under isolatedModules. */
const ARGON2ID = 2;
/** Some twelve seconds of hashing: whoever comes later would have given up before the answer. */
const LONGEST_QUEUE = 1_000;
const RETRY_AFTER_MS = 5_000;

/** Hashes and checks passwords off the event loop, a few at a time. */
@Injectable()
export class PasswordHasher {
  readonly #options;
  readonly #concurrency: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #standIn: Promise<string> | undefined;

  constructor(@Inject(AUTH_SETTINGS) settings: AuthSettings) {
    const { memoryKiB, passes, concurrency } = settings.passwordHashing ?? RECOMMENDED;
    this.#options = { algorithm: ARGON2ID, memoryCost: memoryKiB, timeCost: passes, parallelism: 1 };
    this.#concurrency = concurrency;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(bytesOf(password), this.#options));
  }

  /** Takes the same time for a user who does not exist (`null`), for whom it is always false. */
  async matches(password: string, stored: string | null): Promise<boolean> {
    const expected = stored ?? (await this.standIn());
    const isMatch = await this.#inTurn(() => verify(expected, bytesOf(password), this.#options));
    return isMatch && stored !== null;
  }

  /** What guesses of absent users' passwords are compared with: the hash of a password that nobody has. */
  async standIn(): Promise<string> {
    return await (this.#standIn ??= this.hash(randomBytes(32).toString('base64')));
  }

  /** Makes the stand-in for absent users ahead of the first login, whose time would tell otherwise. */
  async prepare(): Promise<void> {
    await this.matches('', null);
  }

  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // A free place is handed over, never given back and taken again: nobody overtakes the queue.
      if (next) next();
      else this.#running -= 1;
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= LONGEST_QUEUE) {
      throw new RealtimeError('UNAVAILABLE', 'too many logins at once', { retryAfterMs: RETRY_AFTER_MS });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** One form for what different keyboards send for the same password (RFC 8265 section 4.2.2). */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'));
}
