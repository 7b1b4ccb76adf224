import type { Connection } from './connection.js';

/** The connections of this node. */
export abstract class ConnectionRegistry {
  /** How many there are, those being attached included. */
  abstract readonly size: number;
  abstract get(connectionId: string): Connection | undefined;
  /** This user's connections, oldest first, those being attached included; empty if there is none. */
  abstract ofUser(userId: string): ReadonlySet<Connection>;
  /** Every connection of this node. */
  abstract all(): Iterable<Connection>;
  /** The users with at least one connection here. */
  abstract userIds(): Iterable<string>;
}
