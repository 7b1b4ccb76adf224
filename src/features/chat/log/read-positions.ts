import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { InjectStore, type Store, StorageError } from '../../../storage/index.js';
import type { PositionsAhead } from '../records/index.js';
import { type ReadPosition, store as logStore } from './log.store.js';

const FLUSH_MS = 1000;

/** Another node writes its positions within a second, or is tried again; what was heard of one outlives so many flushes. */
const HEARD_FLUSHES = 3;

/** A position that another node is about to write. */
interface HeardPosition {
  readonly position: ReadPosition;
  flushesLeft: number;
}

/**
 * How far users have read, ahead of the store: positions are written behind, the last one of each user and room once a
 * second, so that reading never costs more than sending. Their loss in a crash is harmless.
 */
@Injectable()
export class ReadPositions implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ReadPositions.name);
  /** By user, then by room or thread. */
  private readonly ahead = new Map<string, Map<string, ReadPosition>>();
  /** How many of them are in each room, its threads included. */
  private readonly countIn = new Map<string, number>();
  /** Positions that other nodes are about to write, by user and then by room or thread. */
  private readonly heard = new Map<string, Map<string, HeardPosition>>();
  private cancel: Cancel | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    @InjectStore(logStore) private readonly store: Store<typeof logStore>,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.cancel = this.clock.every(FLUSH_MS, () => this.tick());
  }

  async onApplicationShutdown(): Promise<void> {
    this.cancel?.();
    await this.flush();
  }

  /** Moves a position forward; one that is behind what is known already does nothing. */
  advance(position: ReadPosition): void {
    const { userId, seq } = position;
    const ofUser = this.ahead.get(userId) ?? new Map<string, ReadPosition>();
    const known = ofUser.get(placeOf(position));
    if ((known?.seq ?? 0) >= seq) return;
    if (known === undefined) this.count(position, 1);
    ofUser.set(placeOf(position), position);
    this.ahead.set(userId, ofUser);
  }

  /** Knows a position that another node will have stored within a second. */
  hear(position: ReadPosition): void {
    const { userId, seq } = position;
    const ofUser = this.heard.get(userId) ?? new Map<string, HeardPosition>();
    const known = ofUser.get(placeOf(position))?.position.seq ?? 0;
    if (known > seq) return;
    ofUser.set(placeOf(position), { position, flushesLeft: HEARD_FLUSHES });
    this.heard.set(userId, ofUser);
  }

  /** This user's positions in rooms that the store may not have yet. */
  of(userId: string): PositionsAhead {
    const positions: Record<string, number> = {};
    for (const { roomId, threadSeq, seq } of this.known(userId)) {
      if (threadSeq === undefined) positions[roomId] = Math.max(positions[roomId] ?? 0, seq);
    }
    return positions;
  }

  /** This user's position in a thread, if the store may not have it yet; else 0. */
  inThread(userId: string, roomId: string, threadSeq: number): number {
    const place = placeOf({ roomId, threadSeq });
    const own = this.ahead.get(userId)?.get(place)?.seq ?? 0;
    return Math.max(own, this.heard.get(userId)?.get(place)?.position.seq ?? 0);
  }

  /** Whether the store may not have somebody's position in this room yet. */
  isAheadIn(roomId: string): boolean {
    return this.countIn.has(roomId);
  }

  /**
   * Has this user's positions stored before a reader notes the commit that it has seen everything up to: a position stored
   * after that would be told once more. A store that fails does not keep the reader waiting for the next try.
   */
  async settle(userId: string): Promise<void> {
    if (this.ahead.has(userId)) await this.flush();
  }

  /** Writes what is ahead of the store; flushes run one after the other. What fails to be written is tried again. */
  async flush(): Promise<void> {
    this.flushing = this.flushing.then(async () => this.write());
    await this.flushing;
  }

  private *known(userId: string): Iterable<ReadPosition> {
    yield* this.ahead.get(userId)?.values() ?? [];
    for (const { position } of this.heard.get(userId)?.values() ?? []) yield position;
  }

  private tick(): void {
    for (const [userId, ofUser] of this.heard) {
      for (const [place, heard] of ofUser) {
        heard.flushesLeft -= 1;
        if (heard.flushesLeft === 0) ofUser.delete(place);
      }
      if (ofUser.size === 0) this.heard.delete(userId);
    }
    void this.flush();
  }

  private async write(): Promise<void> {
    const positions = [...this.ahead.values()].flatMap((ofUser) => [...ofUser.values()]);
    if (positions.length === 0) return;
    try {
      await this.store.advance(positions);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.logger.warn({ waiting: positions.length, err: error }, 'read positions could not be written');
      return;
    }
    for (const position of positions) this.forget(position);
  }

  /** Keeps a position that has moved on since it was written. */
  private forget(written: ReadPosition): void {
    const ofUser = this.ahead.get(written.userId);
    if (ofUser?.get(placeOf(written)) !== written) return;
    ofUser.delete(placeOf(written));
    this.count(written, -1);
    if (ofUser.size === 0) this.ahead.delete(written.userId);
  }

  private count({ roomId }: ReadPosition, more: 1 | -1): void {
    const count = (this.countIn.get(roomId) ?? 0) + more;
    if (count === 0) this.countIn.delete(roomId);
    else this.countIn.set(roomId, count);
  }
}

/** What a user reads: a room, or a thread in one. */
function placeOf({ roomId, threadSeq }: Pick<ReadPosition, 'roomId' | 'threadSeq'>): string {
  return threadSeq === undefined ? roomId : `${roomId} ${threadSeq}`;
}
