import type { Batch, Change, Outcome, Stored } from '../../../src/features/chat/log/append/change.js';
import type { Appends } from '../../../src/features/chat/log/commit/measured-appends.js';
import {
  LogReader,
  type Memberships,
  type RoomEvent,
  type RoomFacts,
  type RoomView,
} from '../../../src/features/chat/log/index.js';
import { roomFacts } from '../../../src/features/chat/records/index.js';
import { StorageError } from '../../../src/storage/index.js';
import type { Chance } from '../../stream/chance.js';
import type { Faults } from './faults.js';
import type { Tables } from './tables.js';
import type { NodeClock, SimulatedTime } from './time.js';

const PAGE = 10;
/** A commit that nobody waits for may still happen within this time. */
const LATE_MS = 200;

export interface StoreAccess {
  readonly time: SimulatedTime;
  readonly clock: NodeClock;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly tables: Tables;
}

/** A database that is overloaded or hangs lets a commit wait for longer than its callers do. */
const SLOW_MS = 4_000;

/** What a quick look at the store leaves for later. */
interface Later {
  readonly outcome: 'deferred';
  readonly until: 'unlocked' | 'rules';
}

const LOCKED: Later = { outcome: 'deferred', until: 'unlocked' };
const RULED: Later = { outcome: 'deferred', until: 'rules' };
const LOCKED_PERCENT = 20;
const RULED_PERCENT = 20;

/** One node's way to the shared store: everything takes its time, fails at times, and sees one moment of it. */
export class StoreLink {
  /** Other nodes append to it, too. */
  readonly shared: NonNullable<Appends['shared']> = {
    appendToFree: async (batch) => this.appendToFree(batch),
    send: async (batch) => (await this.send(batch)) as (Stored | Later)[],
  };

  constructor(private readonly access: StoreAccess) {}

  async read<Result>(snapshot: () => Result): Promise<Result> {
    const { chance, faults } = this.access;
    await this.pause();
    if (chance.happens(faults.failedReadPercent)) throw new StorageError('not-stored', 'the store is down');
    const result = snapshot();
    await this.pause();
    return result;
  }

  /** Changes of rooms that another node's commit has locked are deferred. */
  private async appendToFree(batch: Batch): Promise<(Outcome | Later)[]> {
    const locked = this.some(batch, LOCKED_PERCENT);
    return await this.appendBut((change) => locked.has(change.roomId), batch, LOCKED);
  }

  /** Messages are stored at once, but for those of locked rooms and those of which it does not say that they can be. */
  private async send({
    locking,
    ...batch
  }: Batch & { readonly locking: 'wait' | 'skip' }): Promise<(Outcome | Later)[]> {
    if (locking === 'skip') {
      const locked = this.some(batch, LOCKED_PERCENT);
      if (locked.size > 0) return await this.appendBut((change) => locked.has(change.roomId), batch, LOCKED);
    }
    const ruled = this.some(batch, RULED_PERCENT);
    return await this.appendBut((change) => ruled.has(change.roomId), batch, RULED);
  }

  private some({ changes }: Batch, percent: number): Set<string> {
    const roomIds = new Set(changes.map(({ roomId }) => roomId));
    return new Set([...roomIds].filter(() => this.access.chance.happens(percent)));
  }

  private async appendBut(
    isLeft: (change: Change) => boolean,
    batch: Batch,
    later: Later,
  ): Promise<(Outcome | Later)[]> {
    const changes = batch.changes.filter((change) => !isLeft(change));
    const outcomes = await this.append({ ...batch, changes });
    return batch.changes.map((change) => (isLeft(change) ? later : (outcomes.shift() ?? later)));
  }

  async append(batch: Batch): Promise<Outcome[]> {
    const { chance, faults, tables } = this.access;
    await this.pause();
    if (chance.happens(faults.slowCommitPercent)) await this.access.clock.sleep(chance.below(SLOW_MS));
    if (chance.happens(faults.failedCommitPercent)) throw new StorageError('not-stored', 'not committed');
    if (chance.happens(faults.unknownCommitPercent)) return await this.loseTrackOf(batch);
    const outcomes = await tables.append(batch);
    await this.pause();
    return outcomes;
  }

  private async loseTrackOf(batch: Batch): Promise<never> {
    const { time, chance, tables } = this.access;
    if (chance.happens(67)) time.after(chance.below(LATE_MS), tables.appendLate(batch));
    await this.pause();
    throw new StorageError('unknown', 'the connection was lost in the middle');
  }

  private async pause(): Promise<void> {
    const { chance, clock, faults } = this.access;
    await clock.sleep(chance.below(faults.storeMs + 1));
  }
}

/** The rooms' logs as one node reads them. */
export class SimulatedLogReader extends LogReader {
  readonly epoch = 'epoch-1';

  constructor(
    private readonly link: StoreLink,
    private readonly tables: Tables,
  ) {
    super();
  }

  async events(roomId: string, after: number, until: number, limit = PAGE): Promise<readonly RoomEvent[]> {
    return await this.link.read(() => this.tables.events(roomId, after, Math.min(until, after + limit)));
  }

  async heads(roomIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.link.read(() => {
      const known = roomIds.filter((roomId) => this.tables.rooms.has(roomId));
      return new Map(known.map((roomId) => [roomId, this.tables.head(roomId)]));
    });
  }

  async memberships(userId: string): Promise<Memberships> {
    return await this.link.read(() => {
      const roomIds = this.tables.roomsOf(userId);
      return {
        epoch: this.epoch,
        rooms: roomIds.map((roomId) => ({ roomId, head: this.tables.head(roomId) })),
      };
    });
  }

  async roomView(roomId: string, userId: string, asOf?: number): Promise<RoomView | undefined> {
    return await this.link.read(() => {
      const [facts, member] = [this.facts(roomId), this.tables.member(roomId, userId)];
      if (facts === undefined || member === undefined) return undefined;
      const head = asOf ?? facts.head;
      if (member.joined_seq > head) return undefined;
      const { role, read_seq: readSeq } = member;
      return { ...facts, head, role, readSeq, unread: 0, mentions: 0, muted: false, lastMessage: null };
    });
  }

  async roomFacts(roomId: string): Promise<RoomFacts | undefined> {
    return await this.link.read(() => this.facts(roomId));
  }

  private facts(roomId: string): RoomFacts | undefined {
    const room = this.tables.rooms.get(roomId);
    return room && roomFacts(room.row);
  }
}
