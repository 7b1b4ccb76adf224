import { Injectable } from '@nestjs/common';
import { RealtimeError } from '../../../realtime/index.js';
import { SenderPositions } from '../messages/index.js';
import type { StreamsTable } from '../records/index.js';
import { type OpenStream, OpenStreams } from './open/open-streams.js';
import { StreamNews } from './pushes/stream-news.js';
import { type Ended, type StreamAbort, StreamLog } from './stream-log.js';

/** A node that appends to a stream writes its row often: one that does not hold it leaves it to the others for so long. */
const OTHERS_MS = 3000;

/** Makes streams messages, or nothing, whoever wants it: their sender, an admin, or time. */
@Injectable()
export class StreamEnds {
  constructor(
    private readonly log: StreamLog,
    readonly open: OpenStreams,
    private readonly news: StreamNews,
    private readonly positions: SenderPositions,
  ) {}

  /**
   * Stores the message; or finds it, if the stream has ended before. Nothing can be appended meanwhile. With `dueAt` it is time
   * that ends it: rejects with `CONFLICT` if the stream was put off elsewhere.
   */
  async end(row: StreamsTable, text: string, dueAt?: number): Promise<Ended> {
    const held = this.open.get(row.id);
    if (held) held.isEnding = true;
    try {
      const ended = await this.log.end(row, text, dueAt);
      this.open.drop(row.id);
      if (!ended.duplicate) {
        this.positions.tell(row.sender_id, row.room_id);
        this.news.tellEnd(row, ended.message.seq);
      }
      return ended;
    } finally {
      if (held) held.isEnding = false;
    }
  }

  /** Erases what was said. The next sweep tells of it. */
  async abort(abort: StreamAbort): Promise<void> {
    await this.log.abort(abort);
    this.open.drop(abort.streamId);
  }

  /** Ends a stream whose time is over by its row, unless it goes on, here or elsewhere. Returns whether it is gone. */
  async expire(row: StreamsTable, nowMs: number): Promise<boolean> {
    const held = this.open.get(row.id);
    if (held?.isEnding === true || nowMs < endsAt(row, held)) return false;
    try {
      await this.endOrAbort(row, this.open.textOf(row));
      return true;
    } catch (error) {
      if (error instanceof RealtimeError && error.code === 'CONFLICT') return false;
      throw error;
    }
  }

  /**
   * Whoever abandons a stream has said what is there; one without a word was nothing, and what the sender may not say any
   * more is not said for them. A fault of ours is thrown: it is tried again.
   */
  private async endOrAbort(row: StreamsTable, text: string): Promise<void> {
    const { room_id: roomId, id: streamId, due_at: dueAt } = row;
    const abort = { roomId, streamId, actorId: null, dueAt };
    if (text === '') return await this.abort(abort);
    try {
      await this.end(row, text, dueAt);
    } catch (error) {
      if (!(error instanceof RealtimeError) || error.code === 'UNAVAILABLE') throw error;
      await this.abort(abort);
    }
  }
}

function endsAt(row: StreamsTable, held: OpenStream | undefined): number {
  return held?.dueAt ?? row.due_at + OTHERS_MS;
}
