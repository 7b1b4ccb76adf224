import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../../../realtime/index.js';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { LargeRooms } from '../../large-rooms/index.js';
import { streamsStore } from '../../log/index.js';
import type { OpenStream } from '../open/open-streams.js';
import { StreamNews } from './stream-news.js';

/** A stream is pushed at most so often, whatever the pace of its tokens: ten times a second reads as typing. */
const PUSH_MS = 100;
/** In a large room it is pushed so often: each push goes to thousands. */
const LARGE_ROOM_PUSH_MS = 1000;

/** What was pushed of one stream. */
interface Telling {
  /** Characters that were pushed; -1 before the first push, which tells that there is a stream. */
  told: number;
  /** A push is under way, or the pause after it is not over. */
  isBusy: boolean;
}

/**
 * Shows members a message while it is being said: what has been added since the last push, a few times a second. The
 * store is asked before each push whether its sender may still speak, and the push carries the head of that moment, so
 * that nothing of it reaches one who was removed before.
 */
@Injectable()
export class StreamPushes {
  private readonly logger = new Logger(StreamPushes.name);
  private readonly tellings = new WeakMap<OpenStream, Telling>();

  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly news: StreamNews,
    private readonly largeRooms: LargeRooms,
    private readonly clock: Clock,
  ) {}

  /** Tells that there is this stream. */
  begin(stream: OpenStream): void {
    this.grow(stream, -1);
  }

  /**
   * Tells what is new in it, now or when the pause is over. `told` is how much of it the room knows already, if this node
   * has pushed nothing of it yet.
   */
  grow(stream: OpenStream, told: number): void {
    const telling = this.tellings.get(stream) ?? { told, isBusy: false };
    this.tellings.set(stream, telling);
    if (!telling.isBusy) void this.push(stream, telling);
  }

  private async push(stream: OpenStream, telling: Telling): Promise<void> {
    telling.isBusy = true;
    let pauseMs = PUSH_MS;
    try {
      pauseMs = await this.pushNews(stream, telling);
    } catch (err) {
      this.logger.warn({ roomId: stream.facts.roomId, err }, 'a stream could not be pushed');
    }
    this.clock.after(pauseMs, () => {
      telling.isBusy = false;
      if (!stream.isClosed && stream.said.length > telling.told) void this.push(stream, telling);
    });
  }

  /** Returns how long the room is to have rest from this stream. */
  private async pushNews(stream: OpenStream, telling: Telling): Promise<number> {
    const { id: streamId, facts } = stream;
    const { roomId, senderId: userId } = facts;
    const spoken = await this.store.spoken({ roomId, streamId, userId, nowMs: this.clock.now() });
    const maySpeak = spoken.refusal === null && spoken.stream?.closed_at === null;
    if (maySpeak && !stream.isClosed) {
      const offset = Math.max(0, telling.told);
      telling.told = stream.said.length;
      this.news.publish(
        streamId,
        facts,
        { state: 'open', offset, text: stream.said.from(offset) },
        spoken.head,
      );
    }
    return this.largeRooms.has(spoken.memberCount) ? LARGE_ROOM_PUSH_MS : PUSH_MS;
  }
}
