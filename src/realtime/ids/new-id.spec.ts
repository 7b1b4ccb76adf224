import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId } from './new-id.js';

describe('an id', () => {
  it('is a UUID of version 7', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('begins with its time, so that ids sort by age', () => {
    const time = fc.nat(2 ** 48 - 1);
    const property = fc.property(time, time, (one, other) => {
      const [first, second] = [newId(one), newId(other)];
      expect(Number.parseInt(first.replace('-', '').slice(0, 12), 16)).toBe(one);
      fc.pre(one !== other);
      expect(first < second).toBe(one < other);
    });
    fc.assert(property);
  });

  it('is never given twice, and its 74 random bits all change (T34)', () => {
    const ids = Array.from({ length: 2000 }, () => newId(0));
    expect(new Set(ids).size).toBe(ids.length);
    const values = ids.map((id) => BigInt(`0x${id.replaceAll('-', '')}`));
    const seenSet = values.reduce((bits, value) => bits | value);
    const seenClear = values.reduce((bits, value) => bits & value);
    const changing = (seenSet ^ seenClear).toString(2).replaceAll('0', '').length;
    expect(changing).toBe(74);
  });
});
