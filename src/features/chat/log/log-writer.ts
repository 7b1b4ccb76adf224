import { Inject, Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { Clock, RealtimeError } from '../../../realtime/index.js';
import { StorageError } from '../../../storage/index.js';
import type { Change, Outcome, Refused, Stored } from './append/index.js';
import { GatheringWindows, LargeRooms } from '../large-rooms/index.js';
import { membersIn, type RoomEvent } from '../records/index.js';
import { MeasuredAppends } from './commit/measured-appends.js';
import { LogPublisher } from './log-publisher.js';

/** Events of one commit. More would make its first append wait for too long. */
const MAX_BATCH_EVENTS = 256;

/** Changes that may wait for a commit: about a second's worth. */
const MAX_QUEUE = 8192;

const RETRY_AFTER_MS = 1000;

/** An append on its way. */
export interface Append<Result> {
  /** Resolves when the append has its place in the order, or has been turned away. */
  readonly admitted: Promise<void>;
  /** Resolves when it is stored as durably as `DURABILITY` says. */
  readonly committed: Promise<Result>;
}

interface Waiting {
  readonly change: Change;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Commits changes of rooms in groups: those that arrive while a commit is in flight form the next one. Each has a fate of its
 * own, and all are stored, published and answered in the order in which they came. Joins and leaves of large rooms are
 * held back for up to a second, so that many of them are one event.
 */
@Injectable()
export class LogWriter implements OnModuleDestroy, OnApplicationShutdown {
  private readonly queue: Waiting[] = [];
  private readonly windows: GatheringWindows<Waiting>;
  private committing: Promise<void> | undefined;

  constructor(
    @Inject(MeasuredAppends) private readonly store: Pick<MeasuredAppends, 'append'>,
    private readonly publisher: LogPublisher,
    private readonly clock: Clock,
    private readonly largeRooms: LargeRooms,
  ) {
    this.windows = new GatheringWindows(clock, (waiting) => this.enqueue(waiting));
  }

  /**
   * Takes the change into the order of commits. A refusal rejects with its code, a full queue with `UNAVAILABLE`, and what
   * the database could not do with a `StorageError`.
   */
  submit(change: Change): Append<Stored> {
    if (this.waiting >= MAX_QUEUE) return turnedAway();
    const committed = new Promise<Stored>((resolve, reject) => this.enter({ change, resolve, reject }));
    return { admitted: Promise.resolve(), committed };
  }

  /** Changes that have been taken and are in no commit yet. */
  get waiting(): number {
    return this.queue.length + this.windows.size;
  }

  /** From here on nothing waits for others: the connections are about to be closed. */
  onModuleDestroy(): void {
    this.windows.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.committing;
  }

  private enter(waiting: Waiting): void {
    const { change } = waiting;
    const isGathered = comesOrGoes(change) && this.windows.hold(change.roomId, waiting);
    if (!isGathered) this.enqueue([waiting]);
  }

  private enqueue(waiting: readonly Waiting[]): void {
    this.queue.push(...waiting);
    this.committing ??= this.commitAll();
  }

  private async commitAll(): Promise<void> {
    // What arrives in the same turn of the event loop belongs to the first batch.
    await Promise.resolve();
    while (this.queue.length > 0) await this.commit(this.nextBatch());
    this.committing = undefined;
  }

  private nextBatch(): Waiting[] {
    let events = 0;
    const end = this.queue.findIndex(({ change }) => (events += weightOf(change)) > MAX_BATCH_EVENTS);
    return this.queue.splice(0, end === -1 ? this.queue.length : Math.max(end, 1));
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const changes = batch.map(({ change }) => change);
    let outcomes: Outcome[];
    try {
      outcomes = await this.store.append({
        nowMs: this.clock.now(),
        changes,
        interests: this.publisher.outbox.interests,
        sizes: this.largeRooms.sizes,
      });
    } catch (error) {
      await this.recover(batch, error);
      return;
    }
    this.settle(batch, outcomes);
  }

  /** A database that does not work fails all; a change that breaks the operation fails alone. */
  private async recover(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length === 1 || error instanceof StorageError) {
      for (const { reject } of batch) reject(asError(error));
      return;
    }
    for (const waiting of batch) await this.commit([waiting]);
  }

  private settle(batch: readonly Waiting[], outcomes: readonly Outcome[]): void {
    this.noteGathering(this.publisher.publish(outcomes));
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.outcome === 'stored') resolve(outcome);
      else reject(outcome?.outcome === 'refused' ? refusal(outcome) : new Error(outcome?.message));
    }
  }

  /** A room that has gathered once is large: what comes within the next second waits for the rest of it. */
  private noteGathering(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type !== 'members.changed') continue;
      this.largeRooms.spare('gatherings');
      this.largeRooms.spare('gatheredMembers', membersIn(event).length);
      this.windows.open(event.roomId);
    }
  }
}

/** Whether a large room tells of it together with others. */
function comesOrGoes({ change }: Change): boolean {
  return change === 'join' || change === 'add' || change === 'leave';
}

function weightOf(change: Change): number {
  if (change.change === 'create') return 1 + change.memberIds.length;
  return change.change === 'add' ? change.userIds.length : 1;
}

function turnedAway(): Append<Stored> {
  const error = new RealtimeError('UNAVAILABLE', 'too much is waiting to be stored', {
    retryAfterMs: RETRY_AFTER_MS,
  });
  return { admitted: Promise.resolve(), committed: Promise.reject(error) };
}

/** What one who was refused is told. */
export function refusal({ code, message, path, retryAfterMs }: Refused): RealtimeError {
  if (path === undefined) {
    return new RealtimeError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  return new RealtimeError(code, 'validation failed', { details: [{ path, message }] });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
