import { Injectable } from '@nestjs/common';
import { InjectStore, type Store } from '../../../storage/index.js';
import { LivenessView } from '../leases/index.js';
import type { PresenceFacts } from './presence.js';
import { store as presenceStore } from './presence.store.js';

/** Puts together what the leases and the store know of users. */
@Injectable()
export class PresenceReader {
  constructor(
    readonly view: LivenessView,
    @InjectStore(presenceStore) private readonly store: Pick<Store<typeof presenceStore>, 'of'>,
  ) {}

  /** The facts of each of these users, those who do not exist included. */
  async facts(userIds: readonly string[]): Promise<Map<string, PresenceFacts>> {
    const [readings, stored] = await Promise.all([this.view.of(userIds), this.store.of([...userIds])]);
    return new Map(
      stored.map((row) => [row.userId, { ...row, liveness: undefined, ...readings.get(row.userId) }]),
    );
  }
}
