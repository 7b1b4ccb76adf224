import type { Cancel, Clock } from '../../../realtime/index.js';

/** A room hears of reads at most once in this time. */
const INTERVAL_MS = 1000;

/** How far a user has read. */
export interface Read {
  readonly userId: string;
  readonly readSeq: number;
}

interface Waiting {
  /** Positions since the last time, by user. */
  readonly reads: Map<string, number>;
  readonly times: number;
  readonly cancel: Cancel;
}

/** Gathers the reads of each room: the first leave at once, and what follows within a second leaves together. */
export class ReadGathering {
  private readonly rooms = new Map<string, Waiting>();

  /** `leave` is told how many times in a row it was called for the room before, with no pause between. */
  constructor(
    private readonly clock: Clock,
    private readonly leave: (roomId: string, reads: readonly Read[], times: number) => void,
  ) {}

  add(roomId: string, reads: readonly Read[]): void {
    const waiting = this.rooms.get(roomId);
    if (waiting === undefined) return this.begin(roomId, reads, 0);
    for (const { userId, readSeq } of reads) {
      waiting.reads.set(userId, Math.max(waiting.reads.get(userId) ?? 0, readSeq));
    }
  }

  stop(): void {
    for (const { cancel } of this.rooms.values()) cancel();
    this.rooms.clear();
  }

  private begin(roomId: string, reads: readonly Read[], times: number): void {
    const cancel = this.clock.after(INTERVAL_MS, () => this.goOn(roomId));
    this.rooms.set(roomId, { reads: new Map(), times: times + 1, cancel });
    this.leave(roomId, reads, times);
  }

  private goOn(roomId: string): void {
    const waiting = this.rooms.get(roomId);
    this.rooms.delete(roomId);
    if (waiting === undefined || waiting.reads.size === 0) return;
    const reads = [...waiting.reads].map(([userId, readSeq]) => ({ userId, readSeq }));
    this.begin(roomId, reads, waiting.times);
  }
}
