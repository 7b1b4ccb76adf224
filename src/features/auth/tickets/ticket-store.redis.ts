import { type Principal, RealtimeError, type RedisCommands } from '../../../realtime/index.js';
import { TicketStore } from './ticket-store.js';

const KEY_PREFIX = 'parley:ticket';

/**
 * Tickets that every node of a cluster knows. While Redis is away there are none: both operations reject with `UNAVAILABLE`,
 * at once or after two seconds.
 */
export class RedisTicketStore extends TicketStore {
  constructor(private readonly redis: RedisCommands) {
    super();
  }

  async put(digest: string, principal: Principal, ttlMs: number): Promise<void> {
    await this.#asked(this.redis.set(keyOf(digest), JSON.stringify(principal), 'PX', ttlMs));
  }

  async take(digest: string): Promise<Principal | undefined> {
    const kept = await this.#asked(this.redis.getdel(keyOf(digest)));
    return kept === null ? undefined : (JSON.parse(kept) as Principal);
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      // That Redis is away is in the log once, and not with each ticket.
      throw new RealtimeError('UNAVAILABLE', 'there are no tickets just now', { cause, isRoutine: true });
    }
  }
}

function keyOf(digest: string): string {
  return `${KEY_PREFIX}:${digest}`;
}
