import type { Cancel, Clock } from '../../../../realtime/index.js';
import type { LogReader } from '../../log/index.js';
import { REORDER_MS, type RoomStream } from './room-stream.js';

const RETRY_MS = 3000;
/** Rooms whose heads are read at once. */
const BATCH = 500;

/** Where the comparison finds the streams that are active just now. */
export interface ActiveStreams {
  roomIds(): Iterable<string>;
  get(roomId: string): RoomStream | undefined;
}

/**
 * Compares streams of this node with the heads in the log: each one soon after it began to listen, because an event
 * committed before that leaves no gap to see, and all of them when it is asked to.
 */
export class HeadComparison {
  private readonly due = new Set<string>();
  private cancelRetry: Cancel | undefined;
  private isRunning = false;
  private isStopped = false;

  constructor(
    private readonly streams: ActiveStreams,
    private readonly log: LogReader,
    private readonly clock: Clock,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** Compares one stream, together with others of the same turn. */
  compareSoon(roomId: string): void {
    this.due.add(roomId);
    void this.run();
  }

  compareAll(): void {
    for (const roomId of this.streams.roomIds()) this.due.add(roomId);
    void this.run();
  }

  stop(): void {
    this.isStopped = true;
    this.cancelRetry?.();
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    await Promise.resolve();
    try {
      while (this.due.size > 0 && !this.isStopped) await this.compareBatch();
    } catch (error) {
      this.onTrouble(error);
      this.retryLater();
    } finally {
      this.isRunning = false;
    }
  }

  private retryLater(): void {
    if (this.isStopped) return;
    this.cancelRetry?.();
    this.cancelRetry = this.clock.after(RETRY_MS, () => void this.run());
  }

  private async compareBatch(): Promise<void> {
    const batch: string[] = [];
    for (const roomId of this.due) {
      if (batch.push(roomId) === BATCH) break;
    }
    for (const roomId of batch) this.due.delete(roomId);
    try {
      const heads = await this.log.heads(batch);
      for (const [roomId, head] of heads) this.streams.get(roomId)?.expect(head, REORDER_MS);
    } catch (error) {
      // A stream may not be compared by the news again, so it stays due.
      for (const roomId of batch) this.due.add(roomId);
      throw error;
    }
  }
}
