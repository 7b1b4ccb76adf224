import type { Connection } from '../../../realtime/index.js';
import type { Memberships } from '../log/index.js';
import type { MembershipChange } from './membership-change.js';

/** A connection between its registration and `ready`. */
export interface AttachingConnection {
  memberships?: Memberships;
  /** Changes that the streams reached meanwhile, in their order. */
  readonly changes: MembershipChange[];
}

/** A user with a connection on this node. */
export class LocalUser {
  readonly attaching = new Map<Connection, AttachingConnection>();
  /** Each attached connection's rooms, with the position at which it was subscribed. */
  readonly attached = new Map<Connection, Map<string, number>>();

  constructor(readonly userId: string) {}

  get isGone(): boolean {
    return this.attaching.size === 0 && this.attached.size === 0;
  }
}
