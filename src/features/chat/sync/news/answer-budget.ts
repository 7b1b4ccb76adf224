import type { RoomNews } from './room-news.js';

/** Names, brackets and flags around one room. */
const FRAME_OF_A_ROOM = 80;

/** Some neighbouring events of a room: those after `after`, up to `until`. */
export interface Taken {
  readonly after: number;
  readonly until: number;
}

/** What one answer still has space for. */
export class AnswerBudget {
  /** With `isEmpty` the first room is given whatever its size, with one event at least. */
  constructor(
    private events: number,
    private bytes: number,
    private isEmpty: boolean,
  ) {}

  /**
   * As much of a room's news as fits: `sizes` are those of its events, and `roomSize` that of the room. Undefined when
   * the room must wait for the next page.
   */
  take(news: RoomNews, roomSize: number, sizes: readonly number[]): Taken | undefined {
    const keepsStart = news.keep === 'start';
    this.bytes -= roomSize + FRAME_OF_A_ROOM;
    const count = this.fitting(keepsStart ? sizes : sizes.toReversed());
    if (!this.isEmpty && (this.bytes < 0 || (count === 0 && sizes.length > 0))) return undefined;
    this.isEmpty = false;
    // A room that was cut is the last one of its page.
    if (count < sizes.length) this.bytes = 0;
    return keepsStart
      ? { after: news.after, until: news.after + count }
      : { after: news.until - count, until: news.until };
  }

  private fitting(sizes: readonly number[]): number {
    let count = 0;
    for (const size of sizes) {
      const isForced = this.isEmpty && count === 0;
      if (!isForced && (size > this.bytes || this.events === 0)) break;
      count += 1;
      this.bytes -= size;
      this.events -= 1;
    }
    return count;
  }
}
