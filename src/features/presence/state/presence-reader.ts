import { Injectable } from '@nestjs/common';
import { InjectStore, type Store } from '../../../storage/index.js';
import { PresenceLeases } from '../leases/index.js';
import type { PresenceFacts } from './presence.js';
import { store as presenceStore } from './presence.store.js';

/** Puts together what the leases and the store know of users. */
@Injectable()
export class PresenceReader {
  constructor(
    private readonly leases: PresenceLeases,
    @InjectStore(presenceStore) private readonly store: Store<typeof presenceStore>,
  ) {}

  /** The facts of each of these users, those who do not exist included. */
  async facts(userIds: readonly string[]): Promise<Map<string, PresenceFacts>> {
    const [liveness, stored] = await Promise.all([
      this.leases.livenessOf(userIds),
      this.store.of([...userIds]),
    ]);
    return new Map(stored.map((row) => [row.userId, { ...row, liveness: liveness.get(row.userId) }]));
  }
}
