import { describe, expect, it } from '@jest/globals';
import { newsOf, type RoomState } from './room-news.js';

const ROOM: RoomState = { roomId: 'r', head: 100, floor: 1 };

const named = (seq: number | undefined, more: { isOtherEpoch?: boolean; isRestWanted?: boolean } = {}) => ({
  seq,
  isOtherEpoch: false,
  isRestWanted: true,
  limit: 10,
  ...more,
});

describe('what is news in a room', () => {
  it('is what follows the last event that the client has', () => {
    expect(newsOf(ROOM, named(42))).toMatchObject({ after: 42, until: 52, keep: 'start', isReset: false });
    expect(newsOf(ROOM, named(95))).toMatchObject({ after: 95, until: 100 });
    expect(newsOf(ROOM, named(100))).toBeUndefined();
  });

  it('is the newest of a room that was not named, if the rest is wanted', () => {
    expect(newsOf(ROOM, named(undefined))).toMatchObject({
      after: 90,
      until: 100,
      keep: 'end',
      isReset: false,
    });
    expect(newsOf(ROOM, named(undefined, { isRestWanted: false }))).toBeUndefined();
  });

  it('begins anew for a client of another epoch or beyond the head', () => {
    const anew = { after: 90, until: 100, keep: 'end', isReset: true };
    expect(newsOf(ROOM, named(101, { isRestWanted: false }))).toMatchObject(anew);
    expect(newsOf(ROOM, named(100, { isOtherEpoch: true }))).toMatchObject(anew);
  });

  it('starts at the floor when what follows is not kept any more', () => {
    const kept = { ...ROOM, floor: 60 };
    expect(newsOf(kept, named(20))).toMatchObject({ after: 59, until: 69, isTruncated: true });
    expect(newsOf(kept, named(59))).toMatchObject({ after: 59, isTruncated: false });
    expect(newsOf(ROOM, named(0))).toMatchObject({ after: 0, isTruncated: false });
    expect(newsOf({ ...ROOM, floor: 96 }, named(undefined))).toMatchObject({ after: 95, until: 100 });
  });
});
