import { Inject, Injectable } from '@nestjs/common';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { ReadPositions } from '../log/index.js';
import { RecentEvents } from '../stream/index.js';
import type { SyncedRoom } from './synced.js';
import { rememberedIn, roomsWithEvents } from './remembered.js';
import type { SyncPage, SyncQuery } from './sync-page.js';
import { store as syncStore } from './sync.store.js';

/** Reads one page of what is news to a user, with the read positions and the events that this node has in memory. */
@Injectable()
export class SyncPages {
  constructor(
    @InjectStore(syncStore) private readonly store: Store<typeof syncStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: Pick<ChatSettings, 'maxAnswerBytes'>,
    private readonly positions: ReadPositions,
    private readonly recent: RecentEvents,
  ) {}

  async read(
    userId: string,
    query: Omit<SyncQuery, 'userId' | 'ahead' | 'remembered' | 'maxBytes'>,
  ): Promise<Omit<SyncPage, 'rooms'> & { rooms: readonly SyncedRoom[] }> {
    await this.positions.settle(userId);
    const ahead = this.positions.of(userId);
    const { events, remembered } = rememberedIn(this.recent, query);
    const maxBytes = this.settings.maxAnswerBytes;
    const page = await this.store.sync({ ...query, userId, ahead, remembered, maxBytes });
    return { ...page, rooms: roomsWithEvents(page.rooms, events) };
  }
}
