import type { Actor } from '../../../realtime/index.js';
import type { RoomFacts, RoomRole } from '../log/index.js';

/** Says who may do what in a room. It asks the store each time: an answer is true at the moment it was read. */
export abstract class RoomAccess {
  /**
   * Resolves when the actor has at least `role` (default `member`) in the room. Rejects with `NOT_FOUND` for one who
   * is no member, exactly as if there were no such room, and with `FORBIDDEN` for a member of lower rank. The service
   * has every right in a room that exists.
   */
  abstract require(actor: Actor, roomId: string, role?: RoomRole): Promise<RoomFacts>;

  /** Those of `otherIds` who are in a room with the user. The user shares with themselves. */
  abstract sharesRoom(userId: string, otherIds: readonly string[]): Promise<Set<string>>;

  /** The room's members, the longest-standing first, at most `limit`; without it all. Empty for a room that does not exist. */
  abstract memberIds(roomId: string, limit?: number): Promise<string[]>;
}
