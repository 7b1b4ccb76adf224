import { Injectable } from '@nestjs/common';
import type { Principal } from '../../../realtime/index.js';
import { GatheredReads, InjectStore, type Store } from '../../../storage/index.js';
import { Happenings, type Moment } from './happenings.js';
import { type Standing, store as sessionsStore } from './sessions.store.js';

/** What was stored of a session a moment ago. */
export interface Seen extends Standing {
  /** Before it was read. */
  readonly at: Moment;
}

/** What is stored of sessions. Connections that open at the same time share a read. */
@Injectable()
export class Standings {
  readonly #reads: GatheredReads<string, Seen>;
  /** What principals on their way to a connection were judged by. */
  readonly #kept = new WeakMap<Principal, Seen>();

  constructor(
    @InjectStore(sessionsStore) sessions: Pick<Store<typeof sessionsStore>, 'standings'>,
    private readonly happenings: Happenings,
  ) {
    this.#reads = new GatheredReads(async (ids) => {
      const at = happenings.now();
      const standings = await sessions.standings([...ids]);
      return new Map(standings.map((standing) => [standing.sessionId, Object.assign(standing, { at })]));
    });
  }

  /** As it is now; `undefined`: there is no such session. */
  async of(sessionId: string): Promise<Seen | undefined> {
    return this.#reads.of(sessionId);
  }

  /** Keeps what the principal was judged by, for `still`. */
  keep(principal: Principal, seen: Seen): void {
    this.#kept.set(principal, seen);
  }

  /**
   * As it is now: what was kept of the principal is that, unless something has happened to the user since it was read. What
   * happens once the connection is registered finds it there.
   */
  async still(principal: Principal): Promise<Seen | undefined> {
    const seen = this.#kept.get(principal);
    this.#kept.delete(principal);
    if (seen !== undefined && !this.happenings.hasSince(principal.userId, seen.at)) return seen;
    return await this.of(principal.sessionId);
  }
}
