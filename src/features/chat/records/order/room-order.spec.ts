import { describe, expect, it } from '@jest/globals';
import {
  advanced,
  byActivity,
  countsUntil,
  decodeOrder,
  encodeOrder,
  orderFrom,
  markOf,
  isDue,
  type OrderedRoom,
  type RoomOrder,
} from './room-order.js';

const START_MS = 1_000_000;

const room = (roomId: string, activeMs: number): OrderedRoom => ({ roomId, activeMs });

/** What `room.sync` does with an order: the rooms that are due, last active first, so many at a time. */
function pages(rooms: readonly OrderedRoom[], size: number): string[][] {
  const all: string[][] = [];
  let order: RoomOrder = { startedMs: START_MS, given: [] };
  for (;;) {
    const { given } = order;
    const due = rooms
      .filter((one) => !given.includes(markOf(one.roomId)) && isDue(order, one))
      .toSorted(byActivity);
    const page = due.slice(0, size);
    if (page.length === 0) return all;
    all.push(page.map(({ roomId }) => roomId));
    order = advanced(order, page);
  }
}

describe('the order of rooms', () => {
  it('gives each room once, last active first', () => {
    const rooms = [
      room('a', 10),
      room('b', START_MS - 1),
      room('c', 500),
      room('d', 10),
      room('e', START_MS - 90),
    ];
    expect(pages(rooms, 2)).toEqual([['b', 'e'], ['c', 'a'], ['d']]);
  });

  it('counts what happened before the first page while young rooms remain, and a little less after them', () => {
    const first = orderFrom(START_MS);
    expect(countsUntil(first)).toBeGreaterThan(START_MS);
    const young = advanced(first, [room('b', START_MS - 1)]);
    expect(young).toEqual({ startedMs: START_MS, given: [markOf('b')] });
    expect(countsUntil(young)).toBe(START_MS);
    expect(countsUntil(advanced(first, []))).toBe(START_MS);
    const old = advanced(young, [room('c', 500)]);
    expect(old).toEqual({ startedMs: START_MS, given: [markOf('b')], last: { activeMs: 500, roomId: 'c' } });
    expect(countsUntil(old)).toBeLessThan(START_MS);
  });

  it('goes on after the last room of the same moment', () => {
    const order = advanced({ startedMs: START_MS, given: [] }, [room('a', 10), room('b', 10)]);
    expect(
      [room('a', 10), room('b', 10), room('c', 10), room('a', 9)].map((one) => isDue(order, one)),
    ).toEqual([false, false, true, true]);
  });

  it('travels as text, and nothing else is taken for it', () => {
    const young = advanced(orderFrom(START_MS), [room('a', START_MS), room('b', START_MS - 1)]);
    for (const order of [young, advanced(young, [room('c', 500)])]) {
      expect(decodeOrder(encodeOrder(order))).toEqual(order);
    }
    for (const text of ['', 'made-up', '-1...', '1.2.room', '1.2.room.x.y', '1.2.a room.']) {
      expect(decodeOrder(text)).toBeUndefined();
    }
  });
});
