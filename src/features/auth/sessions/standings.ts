import { Injectable } from '@nestjs/common';
import { GatheredReads, InjectStore, type Store } from '../../../storage/index.js';
import { type Standing, store as sessionsStore } from './sessions.store.js';

/** What is stored of sessions. Connections that open at the same time share a read. */
@Injectable()
export class Standings {
  readonly #reads: GatheredReads<string, Standing>;

  constructor(@InjectStore(sessionsStore) sessions: Pick<Store<typeof sessionsStore>, 'standings'>) {
    this.#reads = new GatheredReads(async (ids) => {
      const standings = await sessions.standings([...ids]);
      return new Map(standings.map((standing) => [standing.sessionId, standing]));
    });
  }

  /** As it is now; `undefined`: there is no such session. */
  async of(sessionId: string): Promise<Standing | undefined> {
    return this.#reads.of(sessionId);
  }
}
