import type { Cancel } from '../../../realtime/index.js';

/** What a user's connections amount to: at least one in use, or all of them idle. */
export type Liveness = 'active' | 'idle';

/** What this node announces: a user's connections here, or `undefined` when there are none any more. */
export type Announcements = ReadonlyMap<string, Liveness | undefined>;

/** A user whose connections here have closed, and for how long they still count. */
export interface Farewell {
  readonly liveness: Liveness;
  readonly forMs: number;
}

/** What one node says of a user. */
export interface Sign {
  readonly nodeId: string;
  readonly liveness: Liveness;
  /** Set when the node has gone and the sign ends by itself: in so many milliseconds. */
  readonly leftMs?: number;
}

/** What the leases say at one moment, at least as new as the question. */
export interface Census {
  /** Names the life of what is kept here: it changes when that was lost, and leases with it. '' while there is none. */
  readonly era: string;
  /** The nodes that have told all of their users under a lease that lives, each with the id of that lease. */
  readonly nodes: ReadonlyMap<string, string>;
  /** What counts of each user, each node once; without those of whom nothing does. */
  readonly signs: ReadonlyMap<string, readonly Sign[]>;
}

/** A dead node is noticed within 15 s: its lease, and the time until somebody looks. */
export const LEASE_MS = 10_000;

/**
 * When no lease was renewed for this share of a lease's time, all are lost: longer than the time between two renewals, and
 * shorter than what is left of any lease that is renewed in time. So no lease runs out because the place where they are kept
 * hung, but all of them, and it is seen.
 */
export const KEPT_SHARE = 0.6;

/**
 * Who is connected, on every node. Each node holds a lease and keeps it alive; what it announced counts only under a
 * live lease, so that the users of a node that died go offline when its lease runs out. Time is that of the place where
 * the leases are kept.
 *
 * That place may be away (then everything here rejects), and may come back empty. Whoever reads must not take a user for
 * gone because of that: see `Census.era` and `Census.nodes`.
 */
export abstract class PresenceLeases {
  /** How long a lease lives without being renewed, in milliseconds. */
  abstract readonly ttlMs: number;

  /** Takes a new lease, beside those that this node has. What is announced from now on is announced under it. */
  abstract open(): Promise<void>;

  /** Says that every user of this node was announced under the newest lease, and ends the older ones. False: it is lost. */
  abstract complete(): Promise<boolean>;

  /** Replaces what this node says of these users. Without a lease it does nothing. */
  abstract announce(announcements: Announcements): Promise<void>;

  /** Prolongs this node's leases. False when the newest is lost: then a new one must be taken, and all users announced. */
  abstract renew(): Promise<boolean>;

  /** Ends this node's leases at once. What it says of these users counts for their time still. */
  abstract leave(farewells: ReadonlyMap<string, Farewell>): Promise<void>;

  abstract read(userIds: readonly string[]): Promise<Census>;

  /** Listens until cancelled to when the leases are there again after they were away: what was written may be lost. */
  abstract onReturn(listener: () => void): Cancel;
}
