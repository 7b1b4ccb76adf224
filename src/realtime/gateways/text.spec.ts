import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isText } from './text.js';

const RULES = { min: 1, max: 10 };

describe('text (T38)', () => {
  it('is counted in code points', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 12 });
    const property = fc.property(text, (value) => {
      const { length } = Array.from(value);
      // oxlint-disable-next-line no-control-regex -- controls are what it looks for
      const isClean = !/[\u0000-\u001f\u007f-\u009f]/.test(value);
      expect(isText(value, RULES)).toBe(isClean && length >= 1 && length <= 10);
    });
    fc.assert(property);
  });

  it.each(['\ud800', 'a\udfff', '\udc00\ud800', '\u0000', '\u001b[2J', '\u007f', '\u0085', 'a\nb', 'a\tb'])(
    'is not %j',
    (value) => expect(isText(value, RULES)).toBe(false),
  );

  it.each(['a\nb', 'a\r\nb', 'a\tb'])('with lines may be %j', (value) => {
    expect(isText(value, { ...RULES, hasLines: true })).toBe(true);
  });

  it.each([7, null, undefined, ['a'], { length: 1 }, true])('is no %j', (value) => {
    expect(isText(value, RULES)).toBe(false);
  });
});
