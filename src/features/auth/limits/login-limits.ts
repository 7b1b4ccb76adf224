import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ClientAddress, type RateLimit, RateLimits, RealtimeError } from '../../../realtime/index.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';

const SECONDS_PER_MINUTE = 60;

/** How often passwords may be tried and accounts be made. Decided before anything is hashed or read. */
@Injectable()
export class LoginLimits {
  readonly #byAddress: RateLimit;
  readonly #byName: RateLimit;
  readonly #registrations: RateLimit;

  constructor(
    limits: RateLimits,
    private readonly addresses: ClientAddress,
    @Inject(AUTH_SETTINGS) { loginsPerMinute }: AuthSettings,
  ) {
    const rate = { perSecond: loginsPerMinute / SECONDS_PER_MINUTE, burst: 2 * loginsPerMinute };
    this.#byAddress = limits.open('logins by address', rate);
    this.#byName = limits.open('logins by name', rate);
    this.#registrations = limits.open('registrations', rate);
  }

  /** `RATE_LIMITED` when the sender has tried too often. */
  takeLogin(request: IncomingMessage): void {
    take(this.#byAddress, this.addresses.of(request));
  }

  /** `RATE_LIMITED` when everyone together has tried this account too often. */
  takeAccount(account: string): void {
    take(this.#byName, account);
  }

  takeRegistration(request: IncomingMessage): void {
    take(this.#registrations, this.addresses.of(request));
  }
}

function take(limit: RateLimit, key: string): void {
  const retryAfterMs = limit.take(key);
  if (retryAfterMs > 0) throw new RealtimeError('RATE_LIMITED', 'too many attempts', { retryAfterMs });
}
