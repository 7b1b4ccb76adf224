import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isEmoji } from './emoji.js';

describe('an emoji', () => {
  it.each(['👍', '👍🏽', '👩‍👩‍👧‍👦', '🇮🇸', '❤️', '1️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '+', 'é', 'e\u0301', '한'])('may be %j', (value) => {
    expect(isEmoji(value)).toBe(true);
  });

  it.each([
    '',
    '👍👍',
    'ab',
    '👍 ',
    ' ',
    '\n',
    '\r\n',
    '\u0000',
    '\u200b',
    '\u202e',
    '\u0301',
    '\ufe0f',
    '\ud83d',
    'a\ud83d',
    `a${'\u0301'.repeat(32)}`,
    7,
    null,
    undefined,
    ['👍'],
    { length: 1 },
  ])('is not %j', (value) => expect(isEmoji(value)).toBe(false));

  it('is never two graphemes, and never more than 64 bytes', () => {
    const property = fc.property(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 3 }), (text) => {
      const { length } = [...new Intl.Segmenter('und').segment(text)];
      return (length === 1 && Buffer.byteLength(text) <= 64) || !isEmoji(text);
    });
    expect(() => fc.assert(property)).not.toThrow();
  });
});
