import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareBytewise, endOfPrefix } from './prefix-range.js';

/** Whole characters, those at the edges of the range often. */
const character = fc.oneof(
  fc.constantFrom('a', 'b', 'z', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const text = fc.array(character, { maxLength: 4 }).map((characters) => characters.join(''));

function isWithin(key: string, prefix: string): boolean {
  const end = endOfPrefix(prefix);
  return compareBytewise(key, prefix) >= 0 && (end === null || compareBytewise(key, end) < 0);
}

describe('the range of a prefix', () => {
  it('holds what begins with the prefix, and nothing else', () => {
    fc.assert(
      fc.property(text, text, (key, prefix) => {
        expect(isWithin(key, prefix)).toBe(key.startsWith(prefix));
        expect(isWithin(prefix + key, prefix)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['ann', 'ano'],
    ['a\u{10ffff}\u{10ffff}', 'b'],
    ['\u{d7ff}', '\u{e000}'],
    ['\u{ffff}', '\u{10000}'],
    ['\u{10ffff}', null],
    ['', null],
  ])('%j ends before %j', (prefix, end) => {
    expect(endOfPrefix(prefix)).toBe(end);
  });
});
