import { Injectable } from '@nestjs/common';
import type { UserActor } from '../../../realtime/index.js';
import { StreamSweeper } from './keeping/stream-sweeper.js';
import { OwnStreams, type StreamName } from './open/own-streams.js';
import type { Delta } from './open/streamed-text.js';
import { StreamPushes } from './pushes/stream-pushes.js';
import { StreamEnds } from './stream-ends.js';
import type { Ended } from './stream-log.js';

/** Lets senders go on with their streams, and end them. */
@Injectable()
export class StreamsService {
  constructor(
    private readonly own: OwnStreams,
    private readonly pushes: StreamPushes,
    private readonly ends: StreamEnds,
    private readonly sweeper: StreamSweeper,
  ) {}

  /** Says more; an empty text keeps the stream open. Returns how many characters it has now. */
  async append({ userId }: UserActor, name: StreamName, delta: Delta): Promise<{ length: number }> {
    const stream = (await this.own.find(userId, name)).toGoOn();
    const before = this.own.say(stream, delta);
    const { length } = stream.said;
    if (length > before) this.pushes.grow(stream, before);
    return { length };
  }

  /** Says the last of it, if there is more, and makes it a message. A repeated end finds that message. */
  async end({ userId }: UserActor, name: StreamName, tail: Delta): Promise<Ended> {
    const { row, toGoOn } = await this.own.find(userId, name);
    // Whether it has ended or was aborted, the log says.
    if (row.closed_at !== null) return await this.ends.end(row, '');
    return await this.ends.end(row, toGoOn().said.endingWith(tail));
  }

  /** Takes it back; for its sender, and for admins. */
  async abort({ userId }: UserActor, { roomId, streamId }: StreamName): Promise<void> {
    await this.ends.abort({ roomId, streamId, actorId: userId });
    this.sweeper.sweepSoon();
  }
}
