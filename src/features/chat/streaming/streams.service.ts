import { Injectable } from '@nestjs/common';
import { Clock, newId, notFound, RealtimeError, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { LogWriter, type MessageView, refusal, type SpokenStream, streamsStore } from '../log/index.js';
import { SendRate } from '../messages/index.js';
import { type OpenStream, OpenStreams } from './open/open-streams.js';
import { type Ended, StreamEnds } from './stream-ends.js';
import { StreamKeeper } from './stream-keeper.js';
import { StreamPushes } from './stream-pushes.js';
import { streamView, type StreamView } from './open/stream-view.js';
import type { Delta } from './open/streamed-text.js';

export interface StreamStart {
  readonly roomId: string;
  readonly clientId: string;
  readonly replyTo?: number;
  readonly threadSeq?: number;
  readonly meta?: object;
}

/** The stream that is open now, or the message that was stored under its `clientId` before. */
export type Started =
  | { readonly streamId: string; readonly stream: StreamView; readonly duplicate: boolean }
  | { readonly message: MessageView; readonly duplicate: true };

/** Which stream, by whom it can be found. */
interface StreamName {
  readonly roomId: string;
  readonly streamId: string;
}

/** Lets senders say a message little by little. */
@Injectable()
export class StreamsService {
  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly log: LogWriter,
    private readonly rate: SendRate,
    private readonly open: OpenStreams,
    private readonly pushes: StreamPushes,
    private readonly ends: StreamEnds,
    private readonly keeper: StreamKeeper,
    private readonly clock: Clock,
  ) {}

  /** Opens a stream. It counts as a send does. */
  async start({ userId }: UserActor, start: StreamStart): Promise<Started> {
    this.rate.take(userId);
    const { committed } = this.log.submit({
      change: 'stream.start',
      roomId: start.roomId,
      actorId: userId,
      streamId: newId(),
      clientId: start.clientId,
      replyTo: start.replyTo ?? null,
      threadSeq: start.threadSeq ?? null,
      meta: start.meta === undefined ? null : JSON.stringify(start.meta),
    });
    const { message, stream: row, duplicate } = await committed;
    if (message) return { message, duplicate: true };
    if (!row) throw new Error('a stream was started without its row');
    const stream = this.open.hold(row);
    if (!duplicate) this.pushes.begin(stream);
    return { streamId: row.id, stream: streamView(row, stream.said.text), duplicate };
  }

  /** Says more; an empty text keeps the stream open. Returns how many characters it has now. */
  async append({ userId }: UserActor, name: StreamName, delta: Delta): Promise<{ length: number }> {
    const stream = this.openStream(userId, await this.spoken(userId, name));
    const before = stream.said.length;
    stream.said.append(delta);
    stream.touch(this.clock.now());
    if (stream.said.length > before) this.pushes.grow(stream, before);
    return { length: stream.said.length };
  }

  /** Says the last of it, if there is more, and makes it a message. A repeated end finds that message. */
  async end({ userId }: UserActor, name: StreamName, tail: Delta): Promise<Ended> {
    const spoken = await this.spoken(userId, name);
    const row = ownRow(userId, spoken);
    // Whether it has ended or was aborted, the log says.
    if (row.closed_at !== null) return await this.ends.end(row, '');
    return await this.ends.end(row, this.openStream(userId, spoken).said.with(tail));
  }

  async abort({ userId }: UserActor, { roomId, streamId }: StreamName): Promise<void> {
    await this.ends.abort(roomId, streamId, userId);
    this.keeper.sweepSoon();
  }

  private async spoken(userId: string, { roomId, streamId }: StreamName): Promise<SpokenStream> {
    return await this.store.spoken({ roomId, streamId, userId, nowMs: this.clock.now() });
  }

  /** The caller's stream as one that the caller may append to. */
  private openStream(userId: string, spoken: SpokenStream): OpenStream {
    const row = ownRow(userId, spoken);
    if (spoken.refusal) throw refusal(spoken.refusal);
    if (row.closed_at !== null) throw closed(row.message_seq === null ? 'was aborted' : 'has ended');
    const stream = this.open.hold(row);
    if (stream.isEnding) throw closed('is ending');
    return stream;
  }
}

/** Who may not even see the room is told so; of others' streams there is nothing to be told. */
function ownRow(userId: string, { stream, refusal: refused }: SpokenStream) {
  if (stream?.sender_id === userId) return stream;
  throw refused ? refusal(refused) : notFound('stream');
}

function closed(how: string): RealtimeError {
  return new RealtimeError('CONFLICT', `the stream ${how}`);
}
