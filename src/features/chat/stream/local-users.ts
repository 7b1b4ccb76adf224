import type { Connection, OutboundFrame } from '../../../realtime/index.js';
import type { Memberships } from '../log/index.js';
import type { MembershipChange } from './membership-change.js';
import { keepLast } from './room/index.js';

/** Only those that overlap a read of the store matter. */
const MAX_DEPARTURES = 16;

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
  /** The rooms that it is about to be subscribed to, and what it is to be pushed there of its user's own doings. */
  private entering: Map<string, Map<string, OutboundFrame>> | undefined;

  lacks(roomId: string): boolean {
    return !this.rooms.has(roomId) && this.entering?.has(roomId) !== true;
  }

  /** It is on its way into the room. */
  enter(roomId: string): void {
    this.entering ??= new Map();
    this.entering.set(roomId, new Map());
  }

  /** Keeps a state until it is in the room, if it is on its way there. */
  hold(roomId: string, key: string, frame: OutboundFrame): void {
    const states = this.entering?.get(roomId);
    if (states !== undefined) keepLast(states, key, frame);
  }

  /** It is there: gives what was kept for it. */
  arrive(roomId: string): ReadonlyMap<string, OutboundFrame> {
    const states = this.entering?.get(roomId) ?? new Map<string, OutboundFrame>();
    this.entering?.delete(roomId);
    // An idle connection is on its way nowhere, and an empty map takes memory too.
    if (this.entering?.size === 0) this.entering = undefined;
    return states;
  }
}

const NONE: ReadonlyMap<Connection, AttachingConnection> = new Map();

/** A user with a connection on this node. */
export class LocalUser {
  private begun: Map<Connection, AttachingConnection> | undefined;
  readonly attached = new Map<Connection, AttachedConnection>();

  /** The user's known departures from each room, ascending, whoever of the connections has been told of them. */
  private departures: Map<string, MembershipChange[]> | undefined;

  constructor(readonly userId: string) {}

  /** Connections between their registration and `ready`. */
  get attaching(): ReadonlyMap<Connection, AttachingConnection> {
    return this.begun ?? NONE;
  }

  beginAttaching(connection: Connection, attaching: AttachingConnection): void {
    this.begun ??= new Map();
    this.begun.set(connection, attaching);
  }

  endAttaching(connection: Connection): void {
    this.begun?.delete(connection);
    // Most users have none most of the time, and an empty map takes memory too.
    if (this.begun?.size === 0) this.begun = undefined;
  }

  /** Takes note of a change, before any connection is told of it. */
  note(change: MembershipChange): void {
    if (change.removal === undefined) return;
    const known = this.departures?.get(change.roomId) ?? [];
    if (known.some(({ seq }) => seq === change.seq)) return;
    const latest = [...known, change].toSorted((one, other) => one.seq - other.seq).slice(-MAX_DEPARTURES);
    this.departures ??= new Map();
    this.departures.set(change.roomId, latest);
  }

  /** How the membership that holds at `seq` ended, if that is known. */
  departureAfter(roomId: string, seq: number): MembershipChange | undefined {
    return this.departures?.get(roomId)?.find((change) => change.seq > seq);
  }

  /** These connections are on their way into the room. */
  enter(roomId: string, connections: readonly Connection[]): void {
    for (const connection of connections) this.attached.get(connection)?.enter(roomId);
  }

  /** This one is there, or will never be: gives the states that were kept for it. */
  arrive(roomId: string, connection: Connection): ReadonlyMap<string, OutboundFrame> {
    return this.attached.get(connection)?.arrive(roomId) ?? new Map();
  }

  get isGone(): boolean {
    return this.attaching.size === 0 && this.attached.size === 0;
  }

  /** Whether any of the connections is subscribed to the room. */
  isIn(roomId: string): boolean {
    return [...this.attached.values()].some(({ rooms }) => rooms.has(roomId));
  }

  /** Those of the connections that are not subscribed to the room; those about to be are among them. */
  outside(roomId: string, connections: readonly Connection[]): Connection[] {
    return connections.filter((connection) => this.attached.get(connection)?.rooms.has(roomId) === false);
  }

  /** Takes those of the connections out of the room that were in it before `seq`, and gives them. */
  takeOut(roomId: string, seq: number, connections: readonly Connection[]): Connection[] {
    return connections.filter((connection) => {
      const place = this.attached.get(connection);
      if (place === undefined || (place.rooms.get(roomId) ?? seq) >= seq) return false;
      return place.rooms.delete(roomId);
    });
  }

  /** Those of the connections for which a join is news. */
  lacking(roomId: string, connections: readonly Connection[]): Connection[] {
    return connections.filter((connection) => this.attached.get(connection)?.lacks(roomId) === true);
  }
}
