import { Injectable } from '@nestjs/common';
import { Clock, type Principal } from '../../../realtime/index.js';
import { TicketStore } from './ticket-store.js';

interface Kept {
  readonly principal: Principal;
  readonly endsAtMs: number;
}

/** Tickets of one process. Spent time is counted on the monotonic clock. */
@Injectable()
export class MemoryTicketStore extends TicketStore {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly clock: Clock) {
    super();
  }

  put(digest: string, principal: Principal, ttlMs: number): Promise<void> {
    this.#dropEnded();
    this.#kept.set(digest, { principal, endsAtMs: this.clock.monotonicMs() + ttlMs });
    return Promise.resolve();
  }

  take(digest: string): Promise<Principal | undefined> {
    const kept = this.#kept.get(digest);
    this.#kept.delete(digest);
    const isAlive = kept !== undefined && kept.endsAtMs > this.clock.monotonicMs();
    return Promise.resolve(isAlive ? kept.principal : undefined);
  }

  /** Oldest first; with one `ttlMs` for all, the first that lives has only living ones behind it. */
  #dropEnded(): void {
    const now = this.clock.monotonicMs();
    for (const [digest, { endsAtMs }] of this.#kept) {
      if (endsAtMs > now) return;
      this.#kept.delete(digest);
    }
  }
}
