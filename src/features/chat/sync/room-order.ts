/** Where a list of rooms, last active first, goes on after a page. Plain data: it travels in the cursor. */
export interface RoomOrder {
  /**
   * Rooms whose last event is not younger than this stand where they stood at the first page, whatever happens in them
   * since. It lies a little before the first page, so that no event of before is still on its way.
   */
  readonly horizonMs: number;
  /** The younger rooms that were given already, by the end of their ids. */
  readonly given: readonly string[];
  /** The last of the older rooms that were given; undefined before the first of them. */
  readonly last?: { readonly activeMs: number; readonly roomId: string };
}

export interface OrderedRoom {
  readonly roomId: string;
  /** Time of the last event up to the horizon, or of the last one at all for a room that was not old. */
  readonly activeMs: number;
}

/** So much of an id tells a user's rooms apart: 48 random bits. */
const ENDING = 12;

export const endingOf = (roomId: string): string => roomId.slice(-ENDING);

/** Last active first; rooms of the same moment by their ids. */
export function byActivity(one: OrderedRoom, other: OrderedRoom): number {
  return other.activeMs - one.activeMs || (one.roomId < other.roomId ? -1 : 1);
}

/** Whether the room is still to be given, when its time is that of the order. */
export function isDue(order: RoomOrder, room: OrderedRoom): boolean {
  return order.last === undefined || byActivity(order.last, room) < 0;
}

/** The order after these rooms were given too. */
export function advanced(order: RoomOrder, given: readonly OrderedRoom[]): RoomOrder {
  const young = given.filter(({ activeMs }) => activeMs > order.horizonMs);
  const last = given.findLast(({ activeMs }) => activeMs <= order.horizonMs) ?? order.last;
  return {
    horizonMs: order.horizonMs,
    given: [...order.given, ...young.map(({ roomId }) => endingOf(roomId))],
    ...(last && { last: { activeMs: last.activeMs, roomId: last.roomId } }),
  };
}
