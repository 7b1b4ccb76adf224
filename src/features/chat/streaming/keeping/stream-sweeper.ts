import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../../../realtime/index.js';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { type DueStreams, streamsStore } from '../../log/index.js';
import { StreamNews } from '../pushes/stream-news.js';
import { StreamEnds } from '../stream-ends.js';

/** Rows that one sweep sees to at most. */
const BATCH = 100;

/**
 * Ends streams whose time is over, aborts those whose sender may speak no longer, and tells of those that were cut off. Any
 * node can do all of it for any stream, and it may be done twice.
 */
@Injectable()
export class StreamSweeper {
  private readonly logger = new Logger(StreamSweeper.name);
  private sweeping: Promise<void> | undefined;
  private isDue = false;

  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly ends: StreamEnds,
    private readonly news: StreamNews,
    private readonly clock: Clock,
  ) {}

  /** Sweeps now, or once more when the sweep that is under way is over. */
  sweepSoon(): void {
    this.isDue = true;
    this.sweeping ??= this.sweepAll();
  }

  /** Whether this user says something in the room by this node. */
  concerns(roomId: string, userId: string): boolean {
    return this.ends.open.holds(roomId, userId);
  }

  /** Resolves when no sweep is under way. */
  async idle(): Promise<void> {
    await this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    try {
      while (this.isDue) {
        this.isDue = false;
        await this.sweep();
      }
    } catch (err) {
      this.logger.warn({ msg: 'streams were not looked after; the next sweep tries again', err });
    }
    this.sweeping = undefined;
  }

  private async sweep(): Promise<void> {
    const nowMs = this.clock.now();
    const held = [...this.ends.open.all()];
    const due = await this.store.due({ nowMs, limit: BATCH });
    // What is held was open before the look, so what is not open any more was closed in between, or elsewhere.
    const open = new Set(due.open);
    for (const { id } of held) if (!open.has(id)) this.ends.open.drop(id);
    for (const { room_id: roomId, id: streamId } of due.unwelcome) {
      await this.ends.abort({ roomId, streamId, actorId: null });
    }
    for (const row of due.expired) if (await this.ends.expire(row, nowMs)) this.isDue = true;
    if (due.unwelcome.length > 0) this.isDue = true;
    await this.settle(due);
  }

  private async settle(due: Pick<DueStreams, 'unannounced' | 'spent'>): Promise<void> {
    for (const row of due.unannounced) await this.news.close(row, null);
    const announced = due.unannounced.map(({ id }) => id);
    if (announced.length + due.spent.length > 0) await this.store.settle({ announced, spent: due.spent });
  }
}
