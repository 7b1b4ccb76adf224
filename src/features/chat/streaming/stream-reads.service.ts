import { Injectable } from '@nestjs/common';
import { notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { streamsStore } from '../log/index.js';
import type { StreamsTable } from '../records/index.js';
import { OpenStreams } from './open/open-streams.js';
import { type StreamSummary, streamSummary, streamView, type StreamView } from './open/stream-view.js';

/** Shows the open streams of a room to its members. */
@Injectable()
export class StreamReadsService {
  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly open: OpenStreams,
  ) {}

  /** Those that are open, the oldest first, without their words. */
  async list({ userId }: UserActor, roomId: string): Promise<{ streams: StreamSummary[] }> {
    const rows = await this.rowsIn(roomId, userId);
    return { streams: rows.map((row) => streamSummary(row, this.open.textOf(row))) };
  }

  /** One that is open, with what was said so far. */
  async get({ userId }: UserActor, roomId: string, streamId: string): Promise<{ stream: StreamView }> {
    const row = (await this.rowsIn(roomId, userId)).find(({ id }) => id === streamId);
    if (!row) throw notFound('stream');
    return { stream: streamView(row, this.open.textOf(row)) };
  }

  private async rowsIn(roomId: string, userId: string): Promise<readonly StreamsTable[]> {
    const rows = await this.store.openIn({ roomId, userId });
    if (rows === null) throw notFound('room');
    return rows;
  }
}
