import { describe, expect, it } from '@jest/globals';
import { isStorableJson } from './text.js';

describe('storable JSON', () => {
  it.each([
    Infinity,
    -Infinity,
    NaN,
    '\u0000',
    '\ud800',
    { '\ud800': 1 },
    { a: [{ '\u0000': 1 }] },
    [[['\udc00']]],
  ])('is not %j', (value) => expect(isStorableJson(value)).toBe(false));

  it.each([null, true, -0, 1e308, '', '☃🌳', {}, [], { a: { toString: 'x' } }])('may be %j', (value) => {
    expect(isStorableJson(value)).toBe(true);
  });
});
