import { Injectable, Logger } from '@nestjs/common';
import { TopicBus } from '../../../../realtime/index.js';
import { roomChannel } from '../../log/index.js';
import type { RoomStatePush } from '../../rooms/index.js';
import { CurrentHeads } from '../../stream/index.js';
import { type ClosedStream, streamFacts, type StreamFacts } from '../open/stream-view.js';

/** What a push says of a stream beside its facts. */
export type News =
  | { readonly state: 'open'; readonly offset: number; readonly text: string }
  | { readonly state: 'ended'; readonly seq: number }
  | { readonly state: 'aborted' };

/** Puts news of streams on the rooms' channels; a slow connection gets the last of each stream. */
@Injectable()
export class StreamNews {
  private readonly logger = new Logger(StreamNews.name);

  constructor(
    private readonly heads: CurrentHeads,
    private readonly bus: TopicBus,
  ) {}

  /** `head` is the room's at the moment at which the news were true. */
  publish(streamId: string, { roomId, ...facts }: StreamFacts, news: News, head: number): void {
    const data = { roomId, streamId, ...facts, ...news };
    const key = `message.stream ${streamId}`;
    const push: RoomStatePush = { state: { event: 'message.stream', data, key, head } };
    this.bus.publish(roomChannel(roomId), push);
  }

  /** Tells that a stream became this message, or nothing. */
  async close(row: ClosedStream, seq: number | null): Promise<void> {
    const head = await this.heads.of(row.room_id);
    if (head === undefined) return;
    const news: News = seq === null ? { state: 'aborted' } : { state: 'ended', seq };
    this.publish(row.id, streamFacts(row), news, head);
  }

  /** As `close`, without waiting. */
  tellEnd(row: ClosedStream, seq: number): void {
    this.close(row, seq).catch((err: unknown) => {
      this.logger.warn({ roomId: row.room_id, err }, 'the end of a stream could not be pushed');
    });
  }
}
