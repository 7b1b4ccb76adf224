import { type Clock, type Connection, OutboundFrame } from '../../../realtime/index.js';
import type { LogReader, RoomEvent, RoomView } from '../log/index.js';
import type { LocalUser } from './local-users.js';
import { type MembershipChange, membershipChangesOf } from './membership-change.js';
import type { RoomStreams } from './room/index.js';

const RETRY_MS = 1000;

export interface FollowerServices {
  readonly clock: Clock;
  readonly log: LogReader;
  readonly streams: () => RoomStreams;
  readonly user: (userId: string) => LocalUser | undefined;
  readonly onTrouble: (roomId: string, error: unknown) => void;
}

/** A change that waits for the `room.added` of a join before it, or that join itself. */
interface PendingChange {
  readonly targets: readonly Connection[];
  readonly change: MembershipChange;
}

/**
 * Makes who is pushed a room's events follow the log: a user who joins gets `room.added`, then the room from their own
 * `member.joined` on; one who leaves gets everything up to their own `member.left`, then `room.removed`.
 */
export class MembershipFollower {
  /** By user and room; the first entry is the one being worked on. */
  private readonly pending = new Map<string, PendingChange[]>();

  constructor(private readonly services: FollowerServices) {}

  /** Follows one event, right after it was published. */
  follow(event: RoomEvent): readonly MembershipChange[] {
    const changes = membershipChangesOf(event);
    for (const change of changes) {
      const user = this.services.user(change.userId);
      if (user === undefined) continue;
      for (const attaching of user.attaching.values()) attaching.changes.push(change);
      this.apply(user, change, [...user.attached.keys()]);
    }
    return changes;
  }

  /** Applies one change to some of the user's attached connections. */
  apply(user: LocalUser, change: MembershipChange, connections: readonly Connection[]): void {
    if (change.removal !== undefined) this.leave(user, change, connections);
    const targets = connections.filter((connection) => !user.attached.get(connection)?.has(change.roomId));
    const key = `${change.userId} ${change.roomId}`;
    const queue = this.pending.get(key);
    if (queue !== undefined) queue.push({ targets, change });
    else if (change.removal === undefined && targets.length > 0) {
      const begun = [{ targets, change }];
      this.pending.set(key, begun);
      void this.work(user, key, begun);
    }
  }

  private async work(user: LocalUser, key: string, queue: PendingChange[]): Promise<void> {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const { targets, change } = next;
      if (change.removal === undefined) await this.join(user, next);
      else this.leave(user, change, targets);
      queue.shift();
    }
    this.pending.delete(key);
  }

  private async join(user: LocalUser, { targets, change }: PendingChange): Promise<void> {
    const room = await this.viewOf(user, change);
    if (room === undefined) return;
    const first = new OutboundFrame('room.added', { room });
    for (const connection of targets) {
      const rooms = user.attached.get(connection);
      if (rooms === undefined || rooms.has(change.roomId)) continue;
      rooms.set(change.roomId, change.seq - 1);
      const { topic } = this.services.streams().activate(change.roomId, change.seq);
      topic.subscribe(connection, change.seq - 1, { first: () => Promise.resolve(first) });
    }
  }

  /** Undefined when the user has left again, or has no connection here any more. */
  private async viewOf(user: LocalUser, { roomId, seq }: MembershipChange): Promise<RoomView | undefined> {
    while (!user.isGone) {
      try {
        return await this.services.log.roomView(roomId, user.userId, seq);
      } catch (error) {
        this.services.onTrouble(roomId, error);
        await new Promise<void>((resolve) => void this.services.clock.after(RETRY_MS, resolve));
      }
    }
    return undefined;
  }

  private leave(user: LocalUser, change: MembershipChange, connections: Iterable<Connection>): void {
    const { roomId, seq, removal } = change;
    const last = new OutboundFrame('room.removed', { roomId, reason: removal });
    for (const connection of connections) {
      const rooms = user.attached.get(connection);
      const since = rooms?.get(roomId);
      if (rooms === undefined || since === undefined || since >= seq) continue;
      rooms.delete(roomId);
      this.services.streams().get(roomId)?.topic.unsubscribe(connection, seq, last);
    }
  }
}
