import type { RoomEvent, RoomFacts, RoomView } from '../records/index.js';

/** A user's rooms with the head of each, and the life of the log that they belong to, read at one moment. */
export interface Memberships {
  readonly epoch: string;
  readonly rooms: readonly { readonly roomId: string; readonly head: number }[];
}

/** Reads the rooms' logs. Each call is one snapshot of the store. It checks no right: see `RoomAccess`. */
export abstract class LogReader {
  /** Names the life of the log: it changes when the log was set back. */
  abstract readonly epoch: string;

  /**
   * The events of a room with `after < seq <= until`, ascending and without a gap, as many as fit `limit` (at most 1000)
   * and one answer's bytes; at least one when there is one.
   */
  abstract events(
    roomId: string,
    after: number,
    until: number,
    limit?: number,
  ): Promise<readonly RoomEvent[]>;

  /** The last `seq` of each room; rooms that do not exist are absent. */
  abstract heads(roomIds: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** What a connection of this user stands on. */
  abstract memberships(userId: string): Promise<Memberships>;

  /**
   * A room as its member sees it, at its head or as it was at `asOf` (`head` is then `asOf`, and later messages are
   * neither counted nor shown); undefined when the user is no member, or became one only after `asOf`.
   */
  abstract roomView(roomId: string, userId: string, asOf?: number): Promise<RoomView | undefined>;

  /** A room as anyone sees it; undefined when there is none. */
  abstract roomFacts(roomId: string): Promise<RoomFacts | undefined>;
}
