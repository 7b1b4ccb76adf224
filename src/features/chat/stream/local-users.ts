import type { Connection } from '../../../realtime/index.js';
import type { Memberships } from '../log/index.js';
import type { MembershipChange } from './membership-change.js';

/** A connection between its registration and `ready`. */
export interface AttachingConnection {
  memberships?: Memberships;
  /** Changes that the streams reached meanwhile, in their order. */
  readonly changes: MembershipChange[];
}

/** A connection after `ready`, and where it stands in its user's rooms. */
export class AttachedConnection {
  /** The rooms that it is subscribed to, each with the position it was subscribed at. */
  readonly rooms = new Map<string, number>();
  /** The rooms that it is about to be subscribed to, each with the head that `ready` was read at. */
  readonly entering = new Map<string, number>();

  /** Whether a join at this place would be news to it. */
  lacks(roomId: string, seq: number): boolean {
    return !this.rooms.has(roomId) && (this.entering.get(roomId) ?? 0) < seq;
  }
}

/** A user with a connection on this node. */
export class LocalUser {
  readonly attaching = new Map<Connection, AttachingConnection>();
  readonly attached = new Map<Connection, AttachedConnection>();

  /** The user's last known `member.left` of each room, whoever of the connections has been told of it. */
  private readonly left = new Map<string, number>();

  constructor(readonly userId: string) {}

  /** Takes note of a change, before any connection is told of it. */
  note({ roomId, seq, removal }: MembershipChange): void {
    if (removal !== undefined) this.left.set(roomId, Math.max(seq, this.left.get(roomId) ?? 0));
  }

  /** Whether the membership that began with this `member.joined` is known to be over. */
  hasLeftSince(roomId: string, seq: number): boolean {
    return (this.left.get(roomId) ?? 0) > seq;
  }

  get isGone(): boolean {
    return this.attaching.size === 0 && this.attached.size === 0;
  }

  /** Those of the connections to which a change in the room at this place may still be news. */
  without(roomId: string, seq: number, connections: readonly Connection[]): Connection[] {
    return connections.filter((connection) => this.attached.get(connection)?.lacks(roomId, seq) === true);
  }
}
