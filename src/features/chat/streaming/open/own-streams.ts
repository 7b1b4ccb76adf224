import { Injectable } from '@nestjs/common';
import { Clock, notFound, RealtimeError } from '../../../../realtime/index.js';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { refusal, type SpokenStream, streamsStore } from '../../log/index.js';
import type { StreamsTable } from '../../records/index.js';
import { type OpenStream, OpenStreams } from './open-streams.js';
import type { Delta } from './streamed-text.js';

/** What names a stream. */
export interface StreamName {
  readonly roomId: string;
  readonly streamId: string;
}

/** A sender's own stream: its row and, as far as the sender may still speak, the stream to be gone on with. */
export interface OwnStream {
  readonly row: StreamsTable;
  /** Throws why nothing more can be said: `FORBIDDEN`, `NOT_FOUND`, or `CONFLICT` for a stream that is closed. */
  readonly toGoOn: () => OpenStream;
}

/** Finds senders their own streams. Each look asks the store, which decides who may speak. */
@Injectable()
export class OwnStreams {
  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly open: OpenStreams,
    private readonly clock: Clock,
  ) {}

  /** Throws `NOT_FOUND` where there is none, also for another's, and what a stranger is told of the room. */
  async find(userId: string, { roomId, streamId }: StreamName): Promise<OwnStream> {
    const spoken = await this.store.spoken({ roomId, streamId, userId, nowMs: this.clock.now() });
    const row = ownRow(userId, spoken);
    return { row, toGoOn: () => this.toGoOn(row, spoken) };
  }

  /** Says more, and puts off the moment at which the stream ends by itself. Returns how long it was before. */
  say(stream: OpenStream, delta: Delta): number {
    const { length } = stream.said;
    stream.said.append(delta);
    stream.touch(this.clock.now());
    return length;
  }

  private toGoOn(row: StreamsTable, spoken: SpokenStream): OpenStream {
    if (spoken.refusal) throw refusal(spoken.refusal);
    if (row.closed_at !== null) throw closed(row.message_seq === null ? 'was aborted' : 'has ended');
    const stream = this.open.hold(row);
    if (stream.isEnding) throw closed('is ending');
    return stream;
  }
}

/** Who may not even see the room is told so; of others' streams there is nothing to be told. */
function ownRow(userId: string, { stream, refusal: refused }: SpokenStream): StreamsTable {
  if (stream?.sender_id === userId) return stream;
  throw refused ? refusal(refused) : notFound('stream');
}

function closed(how: string): RealtimeError {
  return new RealtimeError('CONFLICT', `the stream ${how}`);
}
