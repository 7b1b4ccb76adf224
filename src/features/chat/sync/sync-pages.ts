import { Inject, Injectable } from '@nestjs/common';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { ReadPositions } from '../log/index.js';
import { type SyncPage, type SyncQuery, store as syncStore } from './sync.store.js';

/** Reads one page of what is news to a user, with the read positions that are not stored yet. */
@Injectable()
export class SyncPages {
  constructor(
    @InjectStore(syncStore) private readonly store: Store<typeof syncStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly positions: ReadPositions,
  ) {}

  async read(userId: string, query: Omit<SyncQuery, 'userId' | 'ahead' | 'maxBytes'>): Promise<SyncPage> {
    await this.positions.settle(userId);
    const ahead = this.positions.of(userId);
    return await this.store.sync({ ...query, userId, ahead, maxBytes: this.settings.maxAnswerBytes });
  }
}
