import { describe, expect, it } from '@jest/globals';
import { check, type Entry, type History, type HistoryEvent } from './index.js';

const [room, connection, user] = ['garden', 'connection', 'eve'];

/** Ann's room; eve joins at 3, is removed at 6 and joins again at 8. */
const LOG: readonly HistoryEvent[] = [
  { seq: 1, type: 'member.joined', actorId: 'ann', userId: 'ann' },
  { seq: 2, type: 'message', actorId: 'ann' },
  { seq: 3, type: 'member.joined', actorId: 'eve', userId: 'eve' },
  { seq: 4, type: 'message', actorId: 'ann' },
  { seq: 5, type: 'message', actorId: 'eve' },
  { seq: 6, type: 'member.left', actorId: 'ann', userId: 'eve' },
  { seq: 7, type: 'message', actorId: 'ann' },
  { seq: 8, type: 'member.joined', actorId: 'eve', userId: 'eve' },
  { seq: 9, type: 'message', actorId: 'ann' },
];

const attach: Entry = { kind: 'attach', connection, user, heads: {} };
const added = (head: number): Entry => ({ kind: 'added', connection, room, head });
const removed: Entry = { kind: 'removed', connection, room, reason: 'removed' };
const typing: Entry = { kind: 'ephemeral', connection, room, name: 'room.typists' };
const event = (seq: number): Entry => {
  const stored = LOG[seq - 1];
  if (!stored) throw new Error('the log has no such event');
  return { kind: 'event', connection, room, event: stored };
};
const events = (from: number, to: number): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

/** What eve's connection is given when all goes well. */
const GOOD: readonly Entry[] = [attach, added(3), ...events(3, 6), removed, added(8), ...events(8, 9)];

function checksOf(entries: readonly Entry[], log = LOG): string[] {
  const history: History = { entries, logs: new Map([[room, log]]) };
  return [...new Set(check(history).map((violation) => violation.check))].toSorted();
}

const without = (index: number): Entry[] => GOOD.filter((_, place) => place !== index);
const withAt = (index: number, ...more: Entry[]): Entry[] => GOOD.toSpliced(index, 0, ...more);

describe('a history in which all went well', () => {
  it('is clean', () => expect(checksOf(GOOD)).toEqual([]));

  it('may end before everything came, if the connection did', () =>
    expect(checksOf([...GOOD.slice(0, 4), { kind: 'detach', connection }])).toEqual([]));

  it('goes on from the head that ready was read at', () =>
    expect(checksOf([{ kind: 'attach', connection, user, heads: { [room]: 8 } }, event(9)])).toEqual([]));

  it('has what is not of the log between its events', () => expect(checksOf(withAt(4, typing))).toEqual([]));
});

describe('order', () => {
  it.each<[string, readonly Entry[]]>([
    ['an event is missing', without(3)],
    ['the last event is missing', without(GOOD.length - 1)],
    ['an event comes twice', withAt(4, event(4))],
    ['two events are exchanged', [...GOOD.slice(0, 3), event(5), event(4), ...GOOD.slice(5)]],
    ['the own member.joined is not the first', [attach, added(2), ...GOOD.slice(2)]],
    ['room.removed comes without the own member.left', without(5)],
    ['room.added comes twice', withAt(2, added(3))],
    ['nothing of a membership that lasts comes', GOOD.slice(0, 7)],
  ])('is broken when %s', (_, entries) => expect(checksOf(entries)).toContain('C4'));

  it('is broken by an event that is not the one of the log', () => {
    const other: Entry = {
      kind: 'event',
      connection,
      room,
      event: { seq: 4, type: 'pin.added', actorId: 'ann' },
    };
    expect(checksOf(GOOD.toSpliced(3, 1, other))).toEqual(['C4']);
  });

  it('is broken by a gap in the log itself', () => expect(checksOf([], LOG.toSpliced(1, 1))).toEqual(['C4']));
});

describe('authorization', () => {
  it.each<[string, readonly Entry[]]>([
    ['an event comes after the removal', withAt(7, event(7))],
    ['an event comes between the own member.left and room.removed', withAt(6, event(7))],
    ['an event comes from before the joining', withAt(1, event(2))],
    ['somebody types, and one who was removed hears of it', withAt(7, typing)],
    ['somebody types, and a stranger hears of it', withAt(1, typing)],
    ['something comes to a connection that is not there', [event(4)]],
  ])('is broken when %s', (_, entries) => expect(checksOf(entries)).toContain('C6'));
});

describe('real time', () => {
  const invoke = (send: number, by = connection): Entry => ({ kind: 'invoke', send, connection: by, room });
  const stored = (send: number, seq: number): Entry => ({ kind: 'stored', send, seq });

  it('lets sends of several connections that overlap stand in any order', () =>
    expect(checksOf([invoke(1), invoke(2, 'another'), stored(1, 9), stored(2, 7)], [])).toEqual([]));

  it('is broken when what was begun after an answer stands before it', () =>
    expect(checksOf([invoke(1), stored(1, 4), invoke(2, 'another'), stored(2, 2)], [])).toEqual(['C5']));

  it('is broken when two sends have one place', () =>
    expect(checksOf([invoke(1), stored(1, 4), invoke(2, 'another'), stored(2, 4)], [])).toEqual(['C5']));

  it('is broken when one connection overtakes itself', () =>
    expect(checksOf([invoke(1), invoke(2), stored(2, 4), stored(1, 5)], [])).toEqual(['C5']));

  it('does not ask for the place of what failed', () =>
    expect(checksOf([invoke(1), invoke(2), stored(2, 4)], [])).toEqual([]));
});
