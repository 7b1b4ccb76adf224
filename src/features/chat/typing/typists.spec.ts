import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testing/index.js';
import { Typists, TYPING_MS } from './typists.js';

let clock: ManualClock;
let typists: Typists;
let expired: string[];

beforeEach(() => {
  clock = new ManualClock();
  expired = [];
  typists = new Typists(clock, (roomId) => expired.push(roomId));
});

const typist = (userId: string, sinceMs = 0) => ({ userId, sinceMs });

describe('typists', () => {
  it('are listed by room, the first to begin first', () => {
    expect([typists.begin('garden', typist('bob', 1)), typists.begin('garden', typist('ann', 2))]).toEqual([
      true,
      true,
    ]);
    typists.begin('street', typist('cay'));
    expect([typists.in('garden'), typists.in('street'), typists.in('nowhere')]).toEqual([
      ['bob', 'ann'],
      ['cay'],
      [],
    ]);
  });

  it('are in the same order on every node, in whichever order it was told of them', () => {
    for (const [userId, sinceMs] of [
      ['cay', 2],
      ['bob', 1],
      ['ann', 2],
    ] as const) {
      typists.begin('garden', typist(userId, sinceMs));
    }
    typists.begin('garden', typist('bob', 3));
    expect(typists.in('garden')).toEqual(['bob', 'ann', 'cay']);
  });

  it('end by themselves, each six seconds after they last said so', async () => {
    typists.begin('garden', typist('ann'));
    typists.begin('garden', typist('bob'));
    await clock.advance(TYPING_MS - 1);
    expect(typists.begin('garden', typist('ann'))).toBe(false);
    await clock.advance(1);
    expect([typists.in('garden'), expired]).toEqual([['ann'], ['garden']]);
    await clock.advance(TYPING_MS - 2);
    expect(typists.in('garden')).toEqual(['ann']);
    await clock.advance(1);
    expect([typists.in('garden'), expired]).toEqual([[], ['garden', 'garden']]);
  });

  it('end when they say so, once', async () => {
    typists.begin('garden', typist('ann'));
    expect([typists.end('garden', 'ann'), typists.end('garden', 'ann')]).toEqual([true, false]);
    await clock.advance(TYPING_MS);
    expect([typists.in('garden'), expired]).toEqual([[], []]);
  });

  it('are forgotten at the end', async () => {
    typists.begin('garden', typist('ann'));
    typists.clear();
    await clock.advance(TYPING_MS);
    expect([typists.in('garden'), expired]).toEqual([[], []]);
  });
});
