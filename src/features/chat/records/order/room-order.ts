import { createHash } from 'node:crypto';

/** Longer than a commit takes to become visible, and than the nodes' clocks differ. */
const HORIZON_MS = 5000;

/** Where a list of rooms, last active first, goes on after a page. Plain data: it travels in the cursor. */
export interface RoomOrder {
  /** When the first page was asked for: rooms stand where they stood then, whatever happens in them since. */
  readonly startedMs: number;
  /** Of the first page alone. */
  readonly isFirst?: true;
  /**
   * The marks of the rooms given already that had been active just before that: of those alone it is not certain where
   * they stood.
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

/** So many bytes tell a user's rooms apart. */
const MARK_BYTES = 6;
/** So much longer a cursor is by each of the rooms that it names: base64 within base64. */
export const MARK_LENGTH = Math.ceil((((MARK_BYTES * 4) / 3) * 4) / 3);

/** What stands for a room in a cursor that has to name many. */
export const markOf = (roomId: string): string =>
  createHash('sha1')
    .update(roomId)
    .digest('hex')
    .slice(0, 2 * MARK_BYTES);

/** The order of a list that begins now. */
export const orderFrom = (startedMs: number): RoomOrder => ({ startedMs, isFirst: true, given: [] });

/**
 * Events after this moment do not move a room in the order. All count on the first page, also those of a node whose clock
 * is ahead.
 */
export function countsUntil({ startedMs, isFirst, last }: RoomOrder): number {
  if (isFirst === true) return Number.MAX_SAFE_INTEGER;
  return last === undefined ? startedMs : startedMs - HORIZON_MS;
}

/** Last active first; rooms of the same moment by their ids. */
export function byActivity(one: OrderedRoom, other: OrderedRoom): number {
  return other.activeMs - one.activeMs || (one.roomId < other.roomId ? -1 : 1);
}

/** Whether the room is still to be given, when its time is that of the order. */
export function isDue({ last }: RoomOrder, room: OrderedRoom): boolean {
  return last === undefined || byActivity(last, room) < 0;
}

/** The order after these rooms were given too, on whatever page. */
export function advanced(order: RoomOrder, given: readonly OrderedRoom[]): RoomOrder {
  const horizonMs = order.startedMs - HORIZON_MS;
  const young = given.filter(({ activeMs }) => activeMs > horizonMs);
  const last = given.findLast(({ activeMs }) => activeMs <= horizonMs) ?? order.last;
  return {
    startedMs: order.startedMs,
    given: [...order.given, ...young.map(({ roomId }) => markOf(roomId))],
    ...(last && { last: { activeMs: last.activeMs, roomId: last.roomId } }),
  };
}

/** The order as a part of a cursor. */
export function encodeOrder({ startedMs, given, last }: RoomOrder): string {
  const marks = Buffer.from(given.join(''), 'hex').toString('base64url');
  return [startedMs, last?.activeMs ?? '', last?.roomId ?? '', marks].join('.');
}

const ENCODED = /^(\d{1,16})\.(\d{0,16})\.([\w-]{0,64})\.([\w-]*)$/;

/** Reads it back; undefined when it is none. */
export function decodeOrder(text: string): RoomOrder | undefined {
  const [, startedMs, activeMs, roomId = '', encoded = ''] = ENCODED.exec(text) ?? [];
  if (startedMs === undefined) return undefined;
  const marks = Buffer.from(encoded, 'base64url').toString('hex');
  return {
    startedMs: Number(startedMs),
    given: marks.match(new RegExp(`.{${2 * MARK_BYTES}}`, 'g')) ?? [],
    ...(activeMs && { last: { activeMs: Number(activeMs), roomId } }),
  };
}
