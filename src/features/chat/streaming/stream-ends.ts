import { Injectable } from '@nestjs/common';
import { RealtimeError } from '../../../realtime/index.js';
import { SenderPositions } from '../messages/index.js';
import type { StreamsTable } from '../records/index.js';
import { type OpenStream, OpenStreams } from './open/open-streams.js';
import { StreamNews } from './pushes/stream-news.js';
import { type Ended, StreamLog } from './stream-log.js';

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

  /** Stores the message; or finds it, if the stream has ended before. Nothing can be appended meanwhile. */
  async end(row: StreamsTable, text: string): Promise<Ended> {
    const held = this.open.get(row.id);
    if (held) held.isEnding = true;
    try {
      const ended = await this.log.end(row, text);
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

  /** Erases what was said; `actorId` null is the service. The next sweep tells of it. */
  async abort(roomId: string, streamId: string, actorId: string | null): Promise<void> {
    await this.log.abort(roomId, streamId, actorId);
    this.open.drop(streamId);
  }

  /** Ends a stream whose time is over by its row, unless it is known here that it goes on. Returns whether it is gone. */
  async expire(row: StreamsTable, nowMs: number): Promise<boolean> {
    const held = this.open.get(row.id);
    if (held?.isEnding === true || nowMs < dueAt(row, held)) return false;
    await this.endOrAbort(row, this.open.textOf(row));
    return true;
  }

  /**
   * Whoever abandons a stream has said what is there; one without a word was nothing, and what the sender may not say any
   * more is not said for them. A fault of ours is thrown: it is tried again.
   */
  private async endOrAbort(row: StreamsTable, text: string): Promise<void> {
    if (text === '') return await this.abort(row.room_id, row.id, null);
    try {
      await this.end(row, text);
    } catch (error) {
      if (!(error instanceof RealtimeError) || error.code === 'UNAVAILABLE') throw error;
      await this.abort(row.room_id, row.id, null);
    }
  }
}

function dueAt(row: StreamsTable, held: OpenStream | undefined): number {
  return held?.dueAt ?? row.due_at + OTHERS_MS;
}
