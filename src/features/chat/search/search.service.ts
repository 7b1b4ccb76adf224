import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Cursors, type ListFields, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import type { SearchFrame } from './frames.js';
import { type SearchPlace, store as searchStore } from './search.store.js';

const DEFAULT_PAGE = 20;

const CURSORS = new Cursors<[number, number, number, number]>('message.search', [
  'number',
  'number',
  'number',
  'number',
]);

/** Finds messages by their words, and sees to it at the start that all are indexed. */
@Injectable()
export class SearchService implements OnModuleInit {
  private readonly logger = new Logger('Search');

  constructor(
    @InjectStore(searchStore) private readonly store: Store<typeof searchStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  async onModuleInit(): Promise<void> {
    const count = await this.store.prepare();
    if (count !== null && count > 0) this.logger.log(`indexed the words of ${count} messages`);
  }

  /** Messages of the caller's rooms that have every word of the query. */
  async search({ userId }: UserActor, { query, cursor, limit = DEFAULT_PAGE, ...within }: SearchFrame) {
    const list = [query, within.roomId, within.senderId];
    const page = await this.store.search({
      userId,
      query,
      roomId: within.roomId ?? null,
      senderId: within.senderId ?? null,
      place: cursor === undefined ? null : placeOf(list, cursor),
      limit,
      maxBytes: this.settings.maxAnswerBytes,
    });
    if (page === null) throw notFound('room');
    return { hits: page.hits, nextCursor: page.next && cursorAt(list, page.next) };
  }
}

function cursorAt(list: ListFields, { before, from, score, position }: SearchPlace): string {
  return CURSORS.write(list, [before, from, score, position]);
}

function placeOf(list: ListFields, cursor: string): SearchPlace {
  const [before, from, score, position] = CURSORS.read(list, cursor);
  return { before, from, score, position };
}
