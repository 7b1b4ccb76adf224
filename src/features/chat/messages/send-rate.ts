import { Inject, Injectable } from '@nestjs/common';
import { type RateLimit, RateLimits, RealtimeError } from '../../../realtime/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';

/** A bucket holds the tokens of so many seconds. */
const BURST_SECONDS = 2;

/** How often one user may send, over all their connections. */
@Injectable()
export class SendRate {
  private readonly limit: RateLimit;

  constructor(
    limits: RateLimits,
    @Inject(CHAT_SETTINGS) { sendsPerSecond }: Pick<ChatSettings, 'sendsPerSecond'>,
  ) {
    this.limit = limits.open('sends', { perSecond: sendsPerSecond, burst: BURST_SECONDS * sendsPerSecond });
  }

  /** Counts a message. Throws `RATE_LIMITED`, before anything of it has touched the store. */
  take(userId: string): void {
    const retryAfterMs = this.limit.take(userId);
    if (retryAfterMs > 0) throw new RealtimeError('RATE_LIMITED', 'too many messages', { retryAfterMs });
  }
}
