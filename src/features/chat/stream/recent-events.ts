import type { RoomEvent } from '../log/index.js';

/** Neighbouring events of a room, as they were when the room's head was `position`. */
export interface RecentStretch {
  /** The stretch begins after this event. */
  readonly after: number;
  readonly events: readonly RoomEvent[];
  /** Bytes of JSON of each, or a few more. */
  readonly sizes: readonly number[];
  /** The last event that this node has followed. */
  readonly position: number;
  /** The oldest message that one of the events shows; infinity when none does. */
  readonly oldestShown: number;
}

/**
 * The events that this node has pushed lately, shared with live delivery. They are as the log has them only while the
 * head in the store is the stretch's `position`: a later event may have erased what they show. Whoever gives them away
 * takes the stretch first and asks the store for the head then.
 */
export abstract class RecentEvents {
  /** At most `limit` events after one; undefined when there are none, or when not all of them are in memory. */
  abstract after(roomId: string, seq: number, limit: number): RecentStretch | undefined;
}
