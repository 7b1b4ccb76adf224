/** Longer than a commit takes to become visible, and than the nodes' clocks differ. */
const HORIZON_MS = 5000;

/** Where a list of rooms, last active first, goes on after a page. Plain data: it travels in the cursor. */
export interface RoomOrder {
  /** When the first page was asked for: rooms stand where they stood then, whatever happens in them since. */
  readonly startedMs: number;
  /**
   * The rooms given already that had been active just before that, by the end of their ids: of those alone it is not
   * certain where they stood.
   */
  readonly given: readonly string[];
  /** The last of the other rooms that were given; undefined before the first of them. */
  readonly last?: { readonly activeMs: number; readonly roomId: string };
}

export interface OrderedRoom {
  readonly roomId: string;
  /** Time of its last event as far as the order counts. */
  readonly activeMs: number;
}

/** So much of an id tells a user's rooms apart: 48 random bits. */
const ENDING = 12;

export const endingOf = (roomId: string): string => roomId.slice(-ENDING);

/** Events after this moment do not move a room in the order. */
export const countsUntil = ({ startedMs, last }: RoomOrder): number =>
  last === undefined ? startedMs : startedMs - HORIZON_MS;

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
  const horizonMs = order.startedMs - HORIZON_MS;
  const young = given.filter(({ activeMs }) => activeMs > horizonMs);
  const last = given.findLast(({ activeMs }) => activeMs <= horizonMs) ?? order.last;
  return {
    startedMs: order.startedMs,
    given: [...order.given, ...young.map(({ roomId }) => endingOf(roomId))],
    ...(last && { last: { activeMs: last.activeMs, roomId: last.roomId } }),
  };
}
