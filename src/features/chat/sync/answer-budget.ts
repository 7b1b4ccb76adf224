import type { RoomEvent, RoomView } from '../log/index.js';
import type { RoomNews } from './room-news.js';

/** One room of an answer to `room.sync`. */
export interface SyncedRoom {
  readonly room: RoomView;
  readonly events: readonly RoomEvent[];
  readonly hasMore: boolean;
  readonly reset?: true;
  readonly truncated?: true;
}

/** Names, brackets and flags around one room. */
const FRAME_OF_A_ROOM = 80;

/** What one answer still has space for. The first room is always given, with one event at least. */
export class AnswerBudget {
  private isFirst = true;

  constructor(
    private events: number,
    private bytes: number,
  ) {}

  /** As much of a room's news as fits; undefined when the room must wait for the next page. */
  take(news: RoomNews, room: RoomView, events: readonly RoomEvent[]): SyncedRoom | undefined {
    const keepsStart = news.keep === 'start';
    this.bytes -= sizeOf(room) + FRAME_OF_A_ROOM;
    const fitting = this.fitting(keepsStart ? events : events.toReversed());
    if (!this.isFirst && this.isTooLittle(fitting, events)) return undefined;
    this.isFirst = false;
    // A room that was cut is the last one of its page.
    if (fitting.length < events.length) this.bytes = 0;
    return syncedRoom(news, room, keepsStart ? fitting : fitting.toReversed());
  }

  private isTooLittle(fitting: readonly RoomEvent[], events: readonly RoomEvent[]): boolean {
    return this.bytes < 0 || (fitting.length === 0 && events.length > 0);
  }

  private fitting(events: readonly RoomEvent[]): RoomEvent[] {
    const fitting: RoomEvent[] = [];
    for (const event of events) {
      const size = sizeOf(event) + 1;
      const isForced = this.isFirst && fitting.length === 0;
      if (!isForced && (size > this.bytes || this.events === 0)) break;
      fitting.push(event);
      this.bytes -= size;
      this.events -= 1;
    }
    return fitting;
  }
}

function syncedRoom(news: RoomNews, room: RoomView, events: readonly RoomEvent[]): SyncedRoom {
  const last = events.at(-1)?.seq ?? news.head;
  return {
    room,
    events,
    hasMore: news.keep === 'start' && last < news.head,
    ...(news.isReset && { reset: true as const }),
    ...(news.isTruncated && { truncated: true as const }),
  };
}

const sizeOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));
