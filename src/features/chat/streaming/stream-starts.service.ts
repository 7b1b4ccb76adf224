import { Injectable } from '@nestjs/common';
import type { UserActor } from '../../../realtime/index.js';
import type { MessageView } from '../log/index.js';
import { SendRate } from '../messages/index.js';
import { OpenStreams } from './open/open-streams.js';
import { streamView, type StreamView } from './open/stream-view.js';
import { StreamPushes } from './pushes/stream-pushes.js';
import { StreamLog, type StreamStart } from './stream-log.js';

/** The stream that is open now, or the message that was stored under its `clientId` before. */
export type Started =
  | { readonly streamId: string; readonly stream: StreamView; readonly duplicate: boolean }
  | { readonly message: MessageView; readonly duplicate: true };

/** Lets senders begin to say a message little by little. */
@Injectable()
export class StreamStartsService {
  constructor(
    private readonly log: StreamLog,
    private readonly rate: SendRate,
    private readonly open: OpenStreams,
    private readonly pushes: StreamPushes,
  ) {}

  /** Opens a stream. It counts as a send does. */
  async start({ userId }: UserActor, start: StreamStart): Promise<Started> {
    this.rate.take(userId);
    const begun = await this.log.start(userId, start);
    if ('message' in begun) return begun;
    const { row, duplicate } = begun;
    const stream = this.open.hold(row);
    if (!duplicate) this.pushes.begin(stream);
    return { streamId: row.id, stream: streamView(row, stream.said.text), duplicate };
  }
}
