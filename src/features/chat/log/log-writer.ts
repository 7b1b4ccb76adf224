import { Inject, Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { Clock, RealtimeError } from '../../../realtime/index.js';
import type { Change, Stored } from './append/index.js';
import { GatheringWindows, LargeRooms } from '../large-rooms/index.js';
import { membersIn, type RoomEvent } from '../records/index.js';
import { Committer, type Terms } from './commit/committer.js';
import { Line } from './commit/line.js';
import { type Appends, MeasuredAppends } from './commit/measured-appends.js';
import { PendingChange } from './commit/pending-change.js';
import { RoomLanes } from './commit/room-lanes.js';
import { LogPublisher } from './log-publisher.js';

/** Changes that may wait for a commit: about a second's worth. */
const MAX_QUEUE = 8192;

const RETRY_AFTER_MS = 1000;

/** Within three seconds whoever appends to a shared database is told what is known. */
const ANSWER_WITHIN_MS = 2_800;

/** An append on its way. */
export interface Append<Result> {
  /** Resolves when the append has its place in the order, or has been turned away. */
  readonly admitted: Promise<void>;
  /** Resolves when it is stored as durably as `DURABILITY` says. */
  readonly committed: Promise<Result>;
}

/**
 * Commits changes of rooms in groups: those that arrive while a commit is in flight form the next one. Each has a fate of its
 * own, and all are stored, published and answered in the order in which they came. Joins and leaves of large rooms are
 * held back for up to a second, so that many of them are one event.
 */
@Injectable()
export class LogWriter implements OnModuleDestroy, OnApplicationShutdown {
  private readonly windows: GatheringWindows<PendingChange>;
  private readonly lanes: Line | RoomLanes;

  constructor(
    @Inject(MeasuredAppends) private readonly store: Appends,
    private readonly publisher: LogPublisher,
    private readonly clock: Clock,
    private readonly largeRooms: LargeRooms,
  ) {
    const committer = new Committer(
      store,
      () => this.terms(),
      (outcomes) => this.noteGathering(this.publisher.publish(outcomes)),
    );
    this.lanes = store.shared
      ? new RoomLanes(committer)
      : new Line(async (batch) => void (await committer.commit(batch, 'append')));
    this.windows = new GatheringWindows(clock, (changes) => this.lanes.push(changes));
  }

  /**
   * Takes the change into the order of commits. A refusal rejects with its code, a full queue with `UNAVAILABLE`, and what
   * the database could not do with a `StorageError`.
   */
  submit(change: Change): Append<Stored> {
    if (this.waiting >= MAX_QUEUE) return turnedAway();
    const pending = new PendingChange(change);
    if (this.store.shared) this.limit(pending);
    const isGathered = comesOrGoes(change) && this.windows.hold(change.roomId, pending);
    if (!isGathered) this.lanes.push([pending]);
    return { admitted: Promise.resolve(), committed: pending.committed };
  }

  /** Changes that have been taken and are in no commit yet. */
  get waiting(): number {
    return this.lanes.size + this.windows.size;
  }

  /** From here on nothing waits for others: the connections are about to be closed. */
  onModuleDestroy(): void {
    this.windows.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.lanes.end();
  }

  /** The change may stand behind one that waits for another node, and that behind a third. */
  private limit(pending: PendingChange): void {
    const cancel = this.clock.after(ANSWER_WITHIN_MS, () => pending.giveUp());
    pending.committed.then(cancel, cancel);
  }

  private terms(): Terms {
    return {
      nowMs: this.clock.now(),
      interests: this.publisher.outbox.interests,
      sizes: this.largeRooms.sizes,
    };
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

function turnedAway(): Append<Stored> {
  const error = new RealtimeError('UNAVAILABLE', 'too much is waiting to be stored', {
    retryAfterMs: RETRY_AFTER_MS,
  });
  return { admitted: Promise.resolve(), committed: Promise.reject(error) };
}
