import type { TopicBus } from '../../src/realtime/index.js';
import {
  LogReader,
  type Memberships,
  roomChannel,
  type RoomEvent,
  type RoomFacts,
  type RoomView,
  userChannel,
} from '../../src/features/chat/log/index.js';
import { membersIn } from '../../src/features/chat/records/index.js';
import type { Chance } from './chance.js';
import type { SteppedClock } from './stepped-clock.js';

interface MemoryRoom {
  readonly events: RoomEvent[];
  /** Each member with the `seq` of the event that their membership began with. */
  readonly members: Map<string, number>;
  /** Events below it are dropped. */
  floor: number;
  /** How many commits there were when the floor was raised last. */
  raisedAt: number;
}

/** An event's place, and whose membership begins or ends with it. */
interface Commit {
  readonly roomId: string;
  readonly seq: number;
  readonly userIds: readonly string[];
}

/** Rooms' logs in memory. Reads take their time, see one moment of it, and fail as often as told. */
export class MemoryLog extends LogReader {
  readonly epoch = 'epoch-1';
  failingPercent = 0;
  /** All events of all rooms, in the order of their commits. */
  readonly commits: Commit[] = [];
  private readonly rooms = new Map<string, MemoryRoom>();

  constructor(
    private readonly clock: SteppedClock,
    private readonly chance: Chance,
    private readonly bus: TopicBus,
    private readonly readMs: number,
  ) {
    super();
  }

  all(roomId: string): readonly RoomEvent[] {
    return this.rooms.get(roomId)?.events ?? [];
  }

  isMember(roomId: string, userId: string): boolean {
    return this.joinedSeq(roomId, userId) !== undefined;
  }

  joinedSeq(roomId: string, userId: string): number | undefined {
    return this.rooms.get(roomId)?.members.get(userId);
  }

  roomsOf(userId: string): string[] {
    return [...this.rooms].filter(([, room]) => room.members.has(userId)).map(([roomId]) => roomId);
  }

  /** Where the floors are that were raised when there were so many commits, or since. */
  floorsSince(commits: number): Map<string, number> {
    const raised = [...this.rooms].filter(([, { floor, raisedAt }]) => floor > 1 && raisedAt >= commits);
    return new Map(raised.map(([roomId, { floor }]) => [roomId, floor]));
  }

  message(roomId: string, text: string): void {
    this.commit(roomId, 'message', null, { message: { text } });
  }

  /** Drops the events up to this one. */
  drop(roomId: string, until: number): void {
    const room = this.room(roomId);
    const from = room.floor;
    room.floor = until + 1;
    room.raisedAt = this.commits.length;
    this.bus.publish(roomChannel(roomId), { dropped: { from, until } });
  }

  join(roomId: string, userId: string): void {
    if (this.isMember(roomId, userId)) return;
    const { seq } = this.commit(roomId, 'member.joined', userId, { userId, role: 'member' });
    this.room(roomId).members.set(userId, seq);
    this.bus.publish(userChannel(userId), { type: 'membership', roomId, seq });
  }

  leave(roomId: string, userId: string, actorId: string = userId): void {
    if (!this.room(roomId).members.delete(userId)) return;
    const { seq } = this.commit(roomId, 'member.left', actorId, { userId, role: 'member' });
    this.bus.publish(userChannel(userId), { type: 'membership', roomId, seq });
  }

  /** One event for all: who of `joining` is no member comes, and who of `leaving` is one goes, each by their own will. */
  change(roomId: string, joining: readonly string[], leaving: readonly string[]): void {
    const joined = joining.filter((userId) => !this.isMember(roomId, userId));
    const left = leaving.filter((userId) => this.isMember(roomId, userId));
    if (joined.length + left.length === 0) return;
    const { members } = this.room(roomId);
    const memberCount = members.size + joined.length - left.length;
    const { seq } = this.commit(roomId, 'members.changed', null, { joined, left, memberCount });
    for (const userId of joined) members.set(userId, seq);
    for (const userId of left) members.delete(userId);
    for (const userId of [...joined, ...left]) {
      this.bus.publish(userChannel(userId), { type: 'membership', roomId, seq });
    }
  }

  async events(roomId: string, after: number, until: number, limit = 10): Promise<readonly RoomEvent[]> {
    return await this.read(() => {
      const first = Math.max(after, this.room(roomId).floor - 1);
      return this.all(roomId).slice(first, Math.min(until, first + limit));
    });
  }

  async heads(roomIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.read(
      () =>
        new Map(
          roomIds
            .filter((roomId) => this.rooms.has(roomId))
            .map((roomId) => [roomId, this.all(roomId).length]),
        ),
    );
  }

  async memberships(userId: string): Promise<Memberships> {
    return await this.read(() => ({
      epoch: this.epoch,
      rooms: this.roomsOf(userId).map((roomId) => ({ roomId, head: this.all(roomId).length })),
    }));
  }

  async roomView(roomId: string, userId: string, asOf?: number): Promise<RoomView | undefined> {
    return await this.read(() => {
      const head = asOf ?? this.all(roomId).length;
      const joinedSeq = this.rooms.get(roomId)?.members.get(userId);
      if (joinedSeq === undefined || joinedSeq > head) return undefined;
      return { id: roomId, head } as RoomView;
    });
  }

  async roomFacts(roomId: string): Promise<RoomFacts | undefined> {
    return await this.read(() => {
      const room = this.rooms.get(roomId);
      return room && ({ id: roomId, head: room.events.length, floor: room.floor } as RoomFacts);
    });
  }

  private commit(roomId: string, type: string, actorId: string | null, body: object): RoomEvent {
    const { events } = this.room(roomId);
    const event = { roomId, seq: events.length + 1, type, actorId, at: this.clock.isoNow(), ...body };
    events.push(event);
    this.commits.push({ roomId, seq: event.seq, userIds: membersIn(event) });
    this.bus.publish(roomChannel(roomId), { events: [event] });
    return event;
  }

  private room(roomId: string): MemoryRoom {
    const room = this.rooms.get(roomId) ?? { events: [], members: new Map(), floor: 1, raisedAt: 0 };
    this.rooms.set(roomId, room);
    return room;
  }

  async read<Result>(snapshot: () => Result): Promise<Result> {
    await this.pause();
    if (this.chance.happens(this.failingPercent)) throw new Error('the store is down');
    const result = structuredClone(snapshot());
    await this.pause();
    return result;
  }

  private async pause(): Promise<void> {
    if (this.readMs > 0) await this.clock.sleep(this.chance.below(this.readMs + 1));
  }
}
