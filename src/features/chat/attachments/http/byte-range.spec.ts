import { describe, expect, it } from '@jest/globals';
import { askedRange } from './byte-range.js';

describe('a range of ten bytes', () => {
  it.each<[string | undefined, unknown]>([
    [undefined, 'whole'],
    ['bytes=0-', { start: 0, end: 9 }],
    ['bytes=2-4', { start: 2, end: 4 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=2-400', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=10-', 'outside'],
    ['bytes=10-20', 'outside'],
    ['bytes=-0', 'outside'],
    ['bytes=4-2', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['bytes', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=1-9999999999999999', 'whole'],
    ['bites=0-1', 'whole'],
    ['', 'whole'],
  ])('asked for as %j is %j', (header, range) => {
    expect(askedRange(header, 10)).toEqual(range);
  });

  it('of nothing is outside', () => {
    expect(askedRange('bytes=0-', 0)).toBe('outside');
  });
});
