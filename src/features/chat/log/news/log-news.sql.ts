import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../realtime/index.js';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { LogNews, type News, type Standing, type StandingMember } from './log-news.js';
import { store as newsStore } from './news.store.js';

/** Asks the database for the news. */
@Injectable()
export class SqlLogNews extends LogNews {
  constructor(
    @InjectStore(newsStore) private readonly store: Store<typeof newsStore>,
    private readonly clock: Clock,
  ) {
    super();
  }

  async since(mark: number | null): Promise<News> {
    const { heads, floors, ...news } = await this.store.since({ mark, nowMs: this.clock.now() });
    return { ...news, heads: mapOf(heads), floors: mapOf(floors) };
  }

  async standing(members: readonly Standing[]): Promise<readonly StandingMember[]> {
    return await this.store.standing(members);
  }

  async standingOf(userIds: readonly string[]): Promise<readonly StandingMember[]> {
    return await this.store.standingOf(userIds);
  }
}

function mapOf(entries: readonly (readonly [string, number])[] | null): Map<string, number> | undefined {
  return entries === null ? undefined : new Map(entries);
}
