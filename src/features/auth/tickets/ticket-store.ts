import type { Principal } from '../../../realtime/index.js';

/** Keeps what tickets stand for. It is given digests only, never a ticket. */
export abstract class TicketStore {
  /** Keeps `principal` under `digest` for `ttlMs`. */
  abstract put(digest: string, principal: Principal, ttlMs: number): Promise<void>;

  /**
   * Hands out what `digest` stands for and forgets it in the same step: of any number of simultaneous calls, on any
   * node, at most one gets it. `undefined`: unknown, taken, or older than its `ttlMs`.
   */
  abstract take(digest: string): Promise<Principal | undefined>;
}
