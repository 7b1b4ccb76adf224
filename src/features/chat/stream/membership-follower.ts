import { type Clock, type Connection, OutboundFrame } from '../../../realtime/index.js';
import type { LogReader, RoomEvent, RoomView } from '../log/index.js';
import { KeyedQueue } from './keyed-queue.js';
import type { LocalUser } from './local-users.js';
import { type MembershipChange, membershipChangesOf } from './membership-change.js';
import type { RoomStreams } from './room/index.js';

const RETRY_MS = 1000;

export interface FollowerServices {
  readonly clock: Clock;
  readonly log: LogReader;
  readonly streams: () => RoomStreams;
  readonly user: (userId: string) => LocalUser | undefined;
  /** Told of changes that lie before this node's stream of their room began, where somebody here stood outside of it. */
  readonly onPast: (changes: readonly MembershipChange[]) => void;
  readonly onTrouble: (roomId: string, error: unknown) => void;
}

/** Where a connection's subscription to a room begins. */
interface Start {
  readonly roomId: string;
  /** The last event that the connection has, or needs not have. */
  readonly position: number;
  /** Sent before the first event. */
  readonly first?: OutboundFrame;
  /** What was pushed out of order while it was on its way here. */
  readonly states?: ReadonlyMap<string, OutboundFrame>;
}

/**
 * Makes who is pushed a room's events follow the log: a user who joins gets `room.added`, then the room from their own
 * `member.joined` on; one who leaves gets everything up to their own `member.left`, then `room.removed`.
 *
 * What needs the store (a join's `room.added`, events from before the stream began) makes later changes of the same
 * user in the same room wait for it; only a removal takes effect at once on what is subscribed already.
 */
export class MembershipFollower {
  private readonly queue = new KeyedQueue();

  constructor(private readonly services: FollowerServices) {}

  /** Follows an event that was just published. */
  follow(event: RoomEvent): readonly MembershipChange[] {
    const changes = membershipChangesOf(event);
    for (const change of changes) {
      const user = this.services.user(change.userId);
      if (user === undefined) continue;
      user.note(change);
      for (const attaching of user.attaching.values()) attaching.changes.push(change);
      this.apply(user, change, [...user.attached.keys()]);
    }
    return changes;
  }

  /** Applies one change to some of the user's attached connections. */
  apply(user: LocalUser, change: MembershipChange, connections: readonly Connection[]): void {
    const key = keyOf(user, change.roomId);
    const isRemoval = change.removal !== undefined;
    if (isRemoval) this.leave(user, change, connections);
    if (isRemoval && !this.queue.isBusy(key)) return;
    const targets = user.outside(change.roomId, connections);
    if (targets.length > 0) this.queue.add(key, async () => this.take(user, change, targets));
  }

  /** Puts a connection into a room that its user was a member of at `head`. */
  enter(user: LocalUser, connection: Connection, roomId: string, head: number): void {
    const stream = this.services.streams().activate(roomId, head);
    const key = keyOf(user, roomId);
    if (stream.start <= head && !this.queue.isBusy(key)) {
      this.resume(user, connection, { roomId, position: head });
      return;
    }
    user.enter(roomId, [connection]);
    this.queue.add(key, async () => {
      const past = ownOf(user, await this.past(user, roomId, head, stream.start));
      this.resume(user, connection, { roomId, position: head, states: user.arrive(roomId, connection) });
      for (const change of past) await this.take(user, change, [connection]);
    });
  }

  /**
   * Follows what the user did in the room from `seq` on, which lies before this node's stream of it began. It goes up to
   * `position`, where the stream is now, because what it did not know of a join it could not follow to the end.
   */
  followPast(user: LocalUser, roomId: string, seq: number, position: number): void {
    this.queue.add(keyOf(user, roomId), async () => {
      const past = await this.past(user, roomId, seq - 1, position);
      const own = ownOf(user, past);
      this.services.onPast([...past.filter(isJoin), ...this.lastLeave(user, own)]);
      for (const change of own) {
        for (const attaching of user.attaching.values()) attaching.changes.push(change);
        await this.take(user, change, [...user.attached.keys()]);
      }
    });
  }

  /** The departure that the past ends with, unless the user has come back by what is known here. */
  private lastLeave(user: LocalUser, own: readonly MembershipChange[]): MembershipChange[] {
    const last = own.at(-1);
    if (last === undefined || isJoin(last) || user.isIn(last.roomId)) return [];
    return [last];
  }

  /** Subscribes it and, in the same turn, ends what is known to be over: nothing beyond that may reach it. */
  private resume(user: LocalUser, connection: Connection, start: Start): void {
    this.subscribe(user, connection, start);
    const departure = user.departureAfter(start.roomId, start.position);
    if (departure !== undefined) this.leave(user, departure, [connection]);
  }

  private async take(
    user: LocalUser,
    change: MembershipChange,
    targets: readonly Connection[],
  ): Promise<void> {
    if (change.removal !== undefined) this.leave(user, change, targets);
    else await this.join(user, change, targets);
  }

  private async join(
    user: LocalUser,
    change: MembershipChange,
    targets: readonly Connection[],
  ): Promise<void> {
    const { roomId, seq } = change;
    const coming = user.lacking(roomId, targets);
    if (coming.length === 0) return;
    user.enter(roomId, coming);
    const missed = this.services
      .streams()
      .activate(roomId, seq - 1)
      .keepStates();
    const room = await this.patiently(user, roomId, async () => this.viewAt(change));
    missed.done();
    const first = room && new OutboundFrame('room.added', { room });
    for (const connection of coming) {
      const own = user.arrive(roomId, connection);
      if (first === undefined) continue;
      const states = new Map([...missed.frames, ...own]);
      this.resume(user, connection, { roomId, position: seq - 1, first, states });
    }
  }

  /** The room as the user came into it, also when they have left it since: what was theirs is still given to them. */
  private async viewAt({ roomId, userId, seq, role }: MembershipChange): Promise<RoomView | undefined> {
    const view = await this.services.log.roomView(roomId, userId, seq);
    if (view !== undefined) return view;
    const facts = await this.services.log.roomFacts(roomId);
    if (facts === undefined) return undefined;
    const own = { role, readSeq: seq, unread: 0, mentions: 0, muted: false, lastMessage: null };
    return { ...facts, head: seq, ...own };
  }

  /**
   * The departure may be known of an earlier stream, which ended while the store was asked: then the stream of now reaches
   * it in its turn, and it is followed there.
   */
  private leave(user: LocalUser, change: MembershipChange, connections: readonly Connection[]): void {
    const { roomId, seq, removal } = change;
    const stream = this.services.streams().get(roomId);
    if (stream !== undefined && stream.position < seq) return stream.expect(seq);
    const last = new OutboundFrame('room.removed', { roomId, reason: removal });
    for (const connection of user.takeOut(roomId, seq, connections)) {
      stream?.topic.unsubscribe(connection, seq, last);
    }
  }

  private subscribe(
    user: LocalUser,
    connection: Connection,
    { roomId, position, first, states }: Start,
  ): void {
    const rooms = user.attached.get(connection)?.rooms;
    if (rooms === undefined || rooms.has(roomId)) return;
    rooms.set(roomId, position);
    const { topic } = this.services.streams().activate(roomId, position);
    topic.subscribe(connection, position, first && { first: () => Promise.resolve(first) });
    for (const [key, frame] of states ?? []) topic.sendState(connection, key, frame);
  }

  /** Who came and went in a stretch of the room's log; the user's departures are taken note of. */
  private async past(
    user: LocalUser,
    roomId: string,
    after: number,
    until: number,
  ): Promise<MembershipChange[]> {
    const changes: MembershipChange[] = [];
    for (let position = after; position < until;) {
      const from = position;
      const events = await this.patiently(user, roomId, async () =>
        this.services.log.events(roomId, from, until),
      );
      const last = events?.at(-1);
      if (events === undefined || last === undefined) break;
      changes.push(...events.flatMap(membershipChangesOf));
      position = last.seq;
    }
    for (const change of ownOf(user, changes)) user.note(change);
    return changes;
  }

  /** Asks the store until it answers; undefined once the user has no connection here any more. */
  private async patiently<Result>(
    user: LocalUser,
    roomId: string,
    read: () => Promise<Result>,
  ): Promise<Result | undefined> {
    while (!user.isGone) {
      try {
        return await read();
      } catch (error) {
        this.services.onTrouble(roomId, error);
        await new Promise<void>((resolve) => void this.services.clock.after(RETRY_MS, resolve));
      }
    }
    return undefined;
  }
}

const isJoin = ({ removal }: MembershipChange): boolean => removal === undefined;

const ownOf = ({ userId }: LocalUser, changes: readonly MembershipChange[]): MembershipChange[] =>
  changes.filter((change) => change.userId === userId);

const keyOf = (user: LocalUser, roomId: string): string => `${user.userId} ${roomId}`;
