import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { LargeRooms } from '../large-rooms/index.js';
import { RoomPushes } from '../rooms/index.js';

/** A room hears of reads at most once in this time. */
const INTERVAL_MS = 1000;

/** Pushes of one room that a slow connection keeps until it drains: each tells of other users, so none replaces another. */
const KEPT = 32;

/** How far a user has read. */
interface Read {
  readonly userId: string;
  readonly readSeq: number;
}

interface Waiting {
  /** Positions since the last push, by user. */
  readonly reads: Map<string, number>;
  readonly pushes: number;
  readonly cancel: Cancel;
}

/**
 * Tells rooms how far their members have read: the first at once, what follows within a second together, and large
 * rooms nothing.
 */
@Injectable()
export class ReceiptPushes implements OnApplicationShutdown {
  private readonly logger = new Logger(ReceiptPushes.name);
  private readonly rooms = new Map<string, Waiting>();

  constructor(
    private readonly pushes: RoomPushes,
    private readonly clock: Clock,
    private readonly largeRooms: LargeRooms,
  ) {}

  onApplicationShutdown(): void {
    for (const { cancel } of this.rooms.values()) cancel();
    this.rooms.clear();
  }

  /** Takes a read into the room's next push; a room of so many members may be too large to be told. */
  add(roomId: string, memberCount: number, { userId, readSeq }: Read): void {
    if (this.largeRooms.has(memberCount)) return this.largeRooms.spare('receipts');
    const waiting = this.rooms.get(roomId);
    if (waiting) waiting.reads.set(userId, readSeq);
    else this.push(roomId, new Map([[userId, readSeq]]), 0);
  }

  private push(roomId: string, reads: ReadonlyMap<string, number>, pushes: number): void {
    const cancel = this.clock.after(INTERVAL_MS, () => this.goOn(roomId));
    this.rooms.set(roomId, { reads: new Map(), pushes: pushes + 1, cancel });
    const data = { roomId, reads: [...reads].map(([userId, readSeq]) => ({ userId, readSeq })) };
    const key = `room.receipt ${pushes % KEPT}`;
    this.pushes
      .state(roomId, 'room.receipt', data, key)
      .catch((err: unknown) => this.logger.warn({ roomId, err }, 'receipts could not be pushed'));
  }

  private goOn(roomId: string): void {
    const waiting = this.rooms.get(roomId);
    this.rooms.delete(roomId);
    if (waiting && waiting.reads.size > 0) this.push(roomId, waiting.reads, waiting.pushes);
  }
}
