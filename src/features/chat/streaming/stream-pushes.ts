import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Cancel, Clock, TopicBus } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { LargeRooms } from '../large-rooms/index.js';
import { LogReader, roomChannel, streamsStore } from '../log/index.js';
import type { StreamsTable } from '../records/index.js';
import type { RoomStatePush } from '../rooms/index.js';
import type { OpenStream } from './open/open-streams.js';
import { streamFacts, type StreamFacts } from './open/stream-view.js';

/** A stream is pushed at most so often, whatever the pace of its tokens: ten times a second reads as typing. */
export const PUSH_MS = 100;
/** In a large room it is pushed so often: each push goes to thousands. */
export const LARGE_ROOM_PUSH_MS = 1000;

/** What was pushed of one stream. */
interface Telling {
  /** Characters that were pushed; -1 before the first push, which tells that there is a stream. */
  told: number;
  isPushing: boolean;
  /** Not before this the next push. */
  cancelPause: Cancel | undefined;
  pauseMs: number;
}

/**
 * Shows members a message while it is being said: what has been added since the last push, a few times a second. The
 * store is asked before each push whether its sender may still speak, and the push carries the head of that moment, so
 * that nothing of it reaches one who was removed before.
 */
@Injectable()
export class StreamPushes implements OnApplicationShutdown {
  private readonly logger = new Logger(StreamPushes.name);
  private readonly tellings = new Map<OpenStream, Telling>();

  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly log: LogReader,
    private readonly bus: TopicBus,
    private readonly largeRooms: LargeRooms,
    private readonly clock: Clock,
  ) {}

  /** Tells that there is this stream. */
  begin(stream: OpenStream): void {
    this.grow(stream, -1);
  }

  /** Tells what is new in it, now or when its pause is over; `told` is what the room knows of it, if this is its first growth here. */
  grow(stream: OpenStream, told: number): void {
    const telling = this.tellings.get(stream) ?? this.newTelling(stream, told);
    if (!telling.isPushing && telling.cancelPause === undefined) void this.push(stream, telling);
  }

  /** As `close`, without waiting. */
  tellEnd(row: ClosedStream, seq: number): void {
    this.close(row, seq).catch((err: unknown) => {
      this.logger.warn({ roomId: row.room_id, err }, 'the end of a stream could not be pushed');
    });
  }

  /** Tells that it became this message, or nothing. */
  async close(row: ClosedStream, seq: number | null): Promise<void> {
    const head = (await this.log.heads([row.room_id])).get(row.room_id);
    if (head === undefined) return;
    const outcome = seq === null ? { state: 'aborted' } : { state: 'ended', seq };
    this.publish(row.id, streamFacts(row), outcome, head);
  }

  /** Forgets what was told of it. */
  forget(stream: OpenStream): void {
    this.tellings.get(stream)?.cancelPause?.();
    this.tellings.delete(stream);
  }

  onApplicationShutdown(): void {
    for (const stream of this.tellings.keys()) this.forget(stream);
  }

  private newTelling(stream: OpenStream, told: number): Telling {
    const telling = { told, isPushing: false, cancelPause: undefined, pauseMs: PUSH_MS };
    this.tellings.set(stream, telling);
    return telling;
  }

  private async push(stream: OpenStream, telling: Telling): Promise<void> {
    telling.isPushing = true;
    try {
      await this.pushNews(stream, telling);
    } catch (err) {
      this.logger.warn({ roomId: stream.facts.roomId, err }, 'a stream could not be pushed');
    }
    telling.isPushing = false;
    if (this.tellings.get(stream) === telling) this.pause(stream, telling);
  }

  private pause(stream: OpenStream, telling: Telling): void {
    telling.cancelPause = this.clock.after(telling.pauseMs, () => {
      telling.cancelPause = undefined;
      if (stream.said.length > telling.told) void this.push(stream, telling);
    });
  }

  private async pushNews(stream: OpenStream, telling: Telling): Promise<void> {
    const { id: streamId, facts } = stream;
    const { roomId, senderId: userId } = facts;
    const spoken = await this.store.spoken({ roomId, streamId, userId, nowMs: this.clock.now() });
    if (stream.isClosed || spoken.stream?.closed_at !== null || spoken.refusal !== null) {
      this.forget(stream);
      return;
    }
    telling.pauseMs = this.largeRooms.has(spoken.memberCount) ? LARGE_ROOM_PUSH_MS : PUSH_MS;
    const offset = Math.max(0, telling.told);
    telling.told = stream.said.length;
    this.publish(streamId, facts, { state: 'open', offset, text: stream.said.from(offset) }, spoken.head);
  }

  private publish(streamId: string, facts: StreamFacts, news: object, head: number): void {
    const { roomId, ...rest } = facts;
    const data = { roomId, streamId, ...rest, ...news };
    const key = `message.stream ${streamId}`;
    const push: RoomStatePush = { state: { event: 'message.stream', data, key, head } };
    this.bus.publish(roomChannel(roomId), push);
  }
}

/** What a closed row still tells. */
type ClosedStream = Pick<
  StreamsTable,
  'id' | 'room_id' | 'sender_id' | 'client_id' | 'reply_to' | 'thread_seq'
>;
