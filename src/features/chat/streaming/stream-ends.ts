import { Injectable } from '@nestjs/common';
import { Users } from '../../auth/index.js';
import { LogWriter, type MessageView } from '../log/index.js';
import { namedIds, requestHash, SenderPositions } from '../messages/index.js';
import type { StreamsTable } from '../records/index.js';
import { OpenStreams } from './open/open-streams.js';
import { StreamPushes } from './stream-pushes.js';

/** The message of a stream. */
export interface Ended {
  readonly message: MessageView;
  /** True when it had ended before. */
  readonly duplicate: boolean;
}

/** Makes streams messages, or nothing, whoever wants it: their sender, an admin, or time. */
@Injectable()
export class StreamEnds {
  constructor(
    private readonly log: LogWriter,
    private readonly users: Users,
    private readonly open: OpenStreams,
    private readonly pushes: StreamPushes,
    private readonly positions: SenderPositions,
  ) {}

  /** Stores the message; or finds it, if the stream has ended before. Nothing can be appended meanwhile. */
  async end(row: StreamsTable, text: string): Promise<Ended> {
    const held = this.open.get(row.id);
    if (held) held.isEnding = true;
    try {
      const ended = await this.store(row, text);
      this.release(row.id);
      if (!ended.duplicate) this.tell(row, ended.message);
      return ended;
    } finally {
      if (held) held.isEnding = false;
    }
  }

  /** Erases what was said; `null` is the service, which may do so with any stream. */
  async abort(roomId: string, streamId: string, actorId: string | null): Promise<void> {
    await this.log.submit({ change: 'stream.abort', roomId, streamId, actorId }).committed;
    this.release(streamId);
  }

  /** Forgets a stream that is no more. */
  release(streamId: string): void {
    const held = this.open.get(streamId);
    if (held) this.pushes.forget(held);
    this.open.drop(streamId);
  }

  private async store(row: StreamsTable, text: string): Promise<Ended> {
    const said = { text, replyTo: row.reply_to, threadSeq: row.thread_seq, attachmentIds: [] };
    const { committed } = this.log.submit({
      change: 'stream.end',
      roomId: row.room_id,
      actorId: row.sender_id,
      id: row.id,
      clientId: row.client_id,
      requestHash: requestHash(said),
      namedIds: await namedIds(this.users, text),
      meta: row.meta,
      ...said,
    });
    const { message, duplicate } = await committed;
    if (!message) throw new Error('a stream ended without its message');
    return { message, duplicate };
  }

  private tell(row: StreamsTable, { seq }: MessageView): void {
    this.positions.tell(row.sender_id, row.room_id);
    this.pushes.tellEnd(row, seq);
  }
}
