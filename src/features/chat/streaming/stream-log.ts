import { Injectable } from '@nestjs/common';
import { newId } from '../../../realtime/index.js';
import { Users } from '../../auth/index.js';
import { LogWriter, type MessageView } from '../log/index.js';
import { namedIds, requestHash } from '../messages/index.js';
import type { StreamsTable } from '../records/index.js';

export interface StreamStart {
  readonly roomId: string;
  readonly clientId: string;
  readonly replyTo?: number;
  readonly threadSeq?: number;
  readonly meta?: object;
}

/** A stream that is open, or the message that was stored under its `clientId` before. */
export type Begun =
  | { readonly row: StreamsTable; readonly duplicate: boolean }
  | { readonly message: MessageView; readonly duplicate: true };

export interface StreamAbort {
  readonly roomId: string;
  readonly streamId: string;
  /** Null: the service, which may abort any. */
  readonly actorId: string | null;
  /** For an abort by time, as for such an end. */
  readonly dueAt?: number;
}

/** The message of a stream. */
export interface Ended {
  readonly message: MessageView;
  /** True when it had ended before. */
  readonly duplicate: boolean;
}

/** Puts the beginnings and ends of streams among the changes of their rooms' logs, where rights are decided. */
@Injectable()
export class StreamLog {
  constructor(
    private readonly log: LogWriter,
    private readonly users: Users,
  ) {}

  async start(actorId: string, start: StreamStart): Promise<Begun> {
    const { committed } = this.log.submit({
      change: 'stream.start',
      roomId: start.roomId,
      actorId,
      streamId: newId(),
      clientId: start.clientId,
      replyTo: start.replyTo ?? null,
      threadSeq: start.threadSeq ?? null,
      meta: start.meta === undefined ? null : JSON.stringify(start.meta),
    });
    const { message, stream: row, duplicate } = await committed;
    if (message) return { message, duplicate: true };
    if (!row) throw new Error('a stream was started without its row');
    return { row, duplicate };
  }

  /**
   * Stores the message on behalf of the stream's sender; or finds it, if the stream has ended before. With `dueAt` it is time that
   * ends it: rejects with `CONFLICT` if its row has another one by now.
   */
  async end(row: StreamsTable, text: string, dueAt?: number): Promise<Ended> {
    const said = { text, replyTo: row.reply_to, threadSeq: row.thread_seq };
    const { committed } = this.log.submit({
      change: 'stream.end',
      roomId: row.room_id,
      actorId: row.sender_id,
      id: row.id,
      clientId: row.client_id,
      requestHash: requestHash(said),
      namedIds: await namedIds(this.users, text),
      ...said,
      ...(dueAt !== undefined && { dueAt }),
    });
    const { message, duplicate } = await committed;
    if (!message) throw new Error('a stream ended without its message');
    return { message, duplicate };
  }

  async abort(abort: StreamAbort): Promise<void> {
    await this.log.submit({ change: 'stream.abort', ...abort }).committed;
  }
}
