/** What a user's connections amount to: at least one in use, or all of them idle. */
export type Liveness = 'active' | 'idle';

/** What this node announces: a user's connections here, or `undefined` when there are none any more. */
export type Announcements = ReadonlyMap<string, Liveness | undefined>;

/**
 * Who is connected, on every node. Each node holds a lease and keeps it alive; what it announced counts only under a
 * live lease, so that the users of a node that died go offline when its lease runs out.
 */
export abstract class PresenceLeases {
  /** How long a lease lives without being renewed, in milliseconds. */
  abstract readonly ttlMs: number;

  /** Replaces what this node says of these users. */
  abstract announce(announcements: Announcements): Promise<void>;

  /**
   * Prolongs this node's lease. False when it had run out and is a new, empty one: then this node must announce all of
   * its users again.
   */
  abstract renew(): Promise<boolean>;

  /** Ends this node's lease at once. */
  abstract release(): Promise<void>;

  /** What all nodes with a live lease say of these users together: `active` before `idle`; absent: not connected. */
  abstract livenessOf(userIds: readonly string[]): Promise<ReadonlyMap<string, Liveness>>;
}
