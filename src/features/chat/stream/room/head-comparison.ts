import type { Cancel, Clock } from '../../../../realtime/index.js';
import type { LogReader } from '../../log/index.js';
import { REORDER_MS, type RoomStream } from './room-stream.js';

/** How long a lost last message of a room may go unnoticed. */
export const COMPARISON_MS = 3000;
/** Rooms whose heads are read at once. */
const BATCH = 500;

/** Where the comparison finds the streams that are active just now. */
export interface ActiveStreams {
  roomIds(): Iterable<string>;
  get(roomId: string): RoomStream | undefined;
}

/**
 * Compares the streams of this node with the heads in the log: each one soon after it began to listen, because an
 * event committed before that leaves no gap to see, and all of them every 3 s, because the bus may have lost the last
 * message of a room.
 */
export class HeadComparison {
  private readonly due = new Set<string>();
  private readonly cancel: Cancel;
  private isRunning = false;
  private isStopped = false;

  constructor(
    private readonly streams: ActiveStreams,
    private readonly log: LogReader,
    clock: Clock,
    private readonly onTrouble: (error: unknown) => void,
  ) {
    this.cancel = clock.every(COMPARISON_MS, () => this.compareAll());
  }

  /** Compares one stream, together with others of the same turn. */
  compareSoon(roomId: string): void {
    this.due.add(roomId);
    void this.run();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  private compareAll(): void {
    for (const roomId of this.streams.roomIds()) this.due.add(roomId);
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    await Promise.resolve();
    try {
      while (this.due.size > 0 && !this.isStopped) await this.compareBatch();
    } catch (error) {
      // What is still due is compared with all others within 3 s.
      this.due.clear();
      this.onTrouble(error);
    } finally {
      this.isRunning = false;
    }
  }

  private async compareBatch(): Promise<void> {
    const batch: string[] = [];
    for (const roomId of this.due) {
      if (batch.push(roomId) === BATCH) break;
    }
    for (const roomId of batch) this.due.delete(roomId);
    const heads = await this.log.heads(batch);
    for (const [roomId, head] of heads) this.streams.get(roomId)?.expect(head, REORDER_MS);
  }
}
