import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, RealtimeError, TopicBus } from '../../../realtime/index.js';
import { InjectStore, type Store, StorageError } from '../../../storage/index.js';
import { appendStore, type Change, type Outcome, type Refused, type Stored } from './append/index.js';
import {
  type MembershipChanged,
  roomChannel,
  type RoomCommitted,
  type RoomEvent,
  userChannel,
} from '../records/index.js';

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
 * own, and all are stored, published and answered in the order in which they came.
 */
@Injectable()
export class LogWriter implements OnApplicationShutdown {
  private readonly queue: Waiting[] = [];
  private committing: Promise<void> | undefined;

  constructor(
    @InjectStore(appendStore) private readonly store: Store<typeof appendStore>,
    private readonly bus: TopicBus,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the change into the order of commits. A refusal rejects with its code, a full queue with `UNAVAILABLE`, and what
   * the database could not do with a `StorageError`.
   */
  submit(change: Change): Append<Stored> {
    if (this.queue.length >= MAX_QUEUE) return turnedAway();
    const committed = new Promise<Stored>((resolve, reject) => this.queue.push({ change, resolve, reject }));
    this.committing ??= this.commitAll();
    return { admitted: Promise.resolve(), committed };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.committing;
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
      outcomes = await this.store.append({ nowMs: this.clock.now(), changes });
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
    this.publish(outcomes);
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.outcome === 'stored') resolve(outcome);
      else reject(outcome?.outcome === 'refused' ? refusal(outcome) : new Error(outcome?.message));
    }
  }

  private publish(outcomes: readonly Outcome[]): void {
    const byRoom = new Map<string, RoomEvent[]>();
    const events = outcomes.flatMap((outcome) => (outcome.outcome === 'stored' ? outcome.events : []));
    for (const event of events) {
      const ofRoom = byRoom.get(event.roomId);
      if (ofRoom) ofRoom.push(event);
      else byRoom.set(event.roomId, [event]);
    }
    for (const [roomId, ofRoom] of byRoom) {
      this.bus.publish(roomChannel(roomId), { events: ofRoom } satisfies RoomCommitted);
    }
    for (const event of events) this.publishMembership(event);
  }

  private publishMembership({ type, roomId, seq, userId }: RoomEvent): void {
    if (type !== 'member.joined' && type !== 'member.left') return;
    const message: MembershipChanged = { type: 'membership', roomId, seq };
    this.bus.publish(userChannel(String(userId)), message);
  }
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

function refusal({ code, message, path, retryAfterMs }: Refused): RealtimeError {
  if (path === undefined) {
    return new RealtimeError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  return new RealtimeError(code, 'validation failed', { details: [{ path, message }] });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
