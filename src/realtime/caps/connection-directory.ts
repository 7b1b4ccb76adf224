import type { Cancel } from '../clock/clock.js';

/** A connection, and the node that it is on. */
export interface ConnectionPlace {
  readonly nodeId: string;
  readonly connectionId: string;
}

/** Told of a connection that is one of its user's oldest, and one too many. It must not throw. */
export type ExcessListener = (place: ConnectionPlace) => void;

/**
 * Knows the connections of every user on all nodes, oldest first, so that the cap on them holds everywhere.
 *
 * To enter and to leave wait for nothing: what comes of it is told later, on the node where one more was entered. While the
 * directory cannot be asked nothing is told, and what was entered meanwhile counts from when it can be again.
 */
export abstract class ConnectionDirectory {
  /** Of this node, as long as it runs. */
  abstract readonly nodeId: string;

  /** Enters a connection of this node, as the newest of its user. */
  abstract enter(userId: string, connectionId: string): void;

  /** Forgets a connection of this node; one that is not known is no matter. */
  abstract leave(userId: string, connectionId: string): void;

  /** Tells of connections beyond the cap, on whichever node they are, until cancelled. The same one may be told of again. */
  abstract onExcess(listener: ExcessListener): Cancel;
}
