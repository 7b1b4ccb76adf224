import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type CryptoKey, errors, type JWTHeaderParameters } from 'jose';
import { Clock, RealtimeError } from '../../../realtime/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import { fetchJwks } from './fetch-jwks.js';
import { IssuerKeySet } from './issuer-key-set.js';

const TIMEOUT_MS = 2_000;
/** The age at which keys are asked for again, beside the requests that still use them. */
const FRESH_MS = 600_000;
/** Tokens that name unknown keys make us ask this often, however many there are. */
const COOLDOWN_MS = 30_000;
/** The same while the last answer was of no use. */
const RETRY_MS = 5_000;

/**
 * The public keys of the foreign issuer. Those that are known go on to count while the provider cannot be reached; what is not
 * known then is answered `UNAVAILABLE`, since nobody can tell whether the token is good.
 */
@Injectable()
export class IssuerKeys implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(IssuerKeys.name);
  readonly #url: string | undefined;
  readonly #stopped = new AbortController();
  #keys: IssuerKeySet | undefined;
  #isDown = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) { foreignIssuer }: AuthSettings,
  ) {
    this.#url = foreignIssuer?.jwksUrl;
  }

  /** Asks ahead of the first token. The service starts without an answer, too. */
  onModuleInit(): void {
    if (this.#url !== undefined) void this.#ask();
  }

  onModuleDestroy(): void {
    this.#stopped.abort();
  }

  /** The key that a token's header names. Rejects with `JWKSNoMatchingKey`, or `UNAVAILABLE` while that cannot be told. */
  async find(header: JWTHeaderParameters): Promise<CryptoKey> {
    const known = this.#keys?.find(header);
    if (known) {
      if (this.#age >= FRESH_MS) void this.#ask();
      return known;
    }
    if (this.#isWorthAsking) await this.#ask();
    const found = this.#keys?.find(header);
    if (found) return found;
    throw this.#isDown ? unreachable() : new errors.JWKSNoMatchingKey();
  }

  /** Or an answer is under way already. */
  get #isWorthAsking(): boolean {
    return this.#asking !== undefined || this.#age >= (this.#isDown ? RETRY_MS : COOLDOWN_MS);
  }

  get #age(): number {
    return this.clock.monotonicMs() - this.#askedAtMs;
  }

  /** All who need it wait for one question. */
  async #ask(): Promise<void> {
    this.#asking ??= this.#load().finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  async #load(): Promise<void> {
    this.#askedAtMs = this.clock.monotonicMs();
    const timeout = new AbortController();
    const cancel = this.clock.after(TIMEOUT_MS, () => timeout.abort());
    try {
      const signal = AbortSignal.any([timeout.signal, this.#stopped.signal]);
      this.#keys = await IssuerKeySet.of(await fetchJwks(this.#url ?? '', signal));
      this.#isDown = false;
    } catch (error) {
      this.#isDown = true;
      this.#logger.warn({ msg: "the identity provider's keys could not be read", err: error });
    } finally {
      cancel();
    }
  }
}

function unreachable(): RealtimeError {
  return new RealtimeError('UNAVAILABLE', 'the identity provider cannot be reached', {
    retryAfterMs: RETRY_MS,
    isRoutine: true,
  });
}
