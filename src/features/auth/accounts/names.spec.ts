import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  foldDisplayName,
  foldUsername,
  isDisplayName,
  isNewPassword,
  isPasswordGuess,
  isUsername,
  lengthOf,
  normalDisplayName,
} from './names.js';

describe('usernames (T38)', () => {
  it.each(['ann', 'Ann', 'a_b.c-9', 'x'.repeat(32)])('takes %j', (name) => {
    expect(isUsername(name)).toBe(true);
  });

  it.each(['', 'ab', 'x'.repeat(33), 'ann ', 'ann\n', 'änn', 'аdmin', '\u212Aelvin', 'a\u0000b', 'ann@x'])(
    'refuses %j',
    (name) => {
      expect(isUsername(name)).toBe(false);
    },
  );

  it('folds case', () => {
    expect(foldUsername('AnN_9')).toBe('ann_9');
  });
});

describe('passwords', () => {
  it('have 8 to 256 code points', () => {
    for (const character of ['x', '🙂']) {
      const lengths = [0, 7, 8, 256, 257].map((length) => isNewPassword(character.repeat(length)));
      expect(lengths).toEqual([false, false, true, true, false]);
    }
  });

  it('have no half characters', () => {
    expect(isNewPassword('12345678\uD800')).toBe(false);
  });

  it('lets a guess be too short to be right, but not empty', () => {
    expect(isPasswordGuess('x')).toBe(true);
    expect(isPasswordGuess('')).toBe(false);
    expect(isPasswordGuess('x'.repeat(257))).toBe(false);
  });
});

describe('display names (T38)', () => {
  it.each(['Ann', 'Ж', '李小龍', '👩‍👩‍👧‍👦', '❤️‍🔥', '🏳️‍🌈', '👩🏽‍🚀 Ann', '☀️', '1️⃣', 'क्षि', '🙂'.repeat(64)])(
    'takes %j',
    (name) => {
      expect(isDisplayName(name)).toBe(true);
    },
  );

  it.each([
    ['nothing', ''],
    ['only spaces', '   '],
    ['a mark on nothing', '\u0301'],
    ['65 characters', 'x'.repeat(65)],
    ['65 characters once normalised', 'ﷺ'.repeat(4)],
    ['a line feed', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['NUL', 'a\u0000'],
    ['a C1 control', 'a\u0085'],
    ['right-to-left override', 'a\u202Eb'],
    ['an isolate', 'a\u2066b'],
    ['a right-to-left mark', 'a\u200Fb'],
    ['a zero-width space', 'a\u200Bb'],
    ['a joiner between letters', 'a\u200Db'],
    ['a joiner behind an emoji', '🙂\u200D'],
    ['a joiner before a letter', '🙂\u200Da'],
    ['a non-joiner', 'a\u200Cb'],
    ['a byte order mark', '\uFEFFa'],
    ['a word joiner', 'a\u2060b'],
    ['a soft hyphen', 'a\u00ADb'],
    ['a Hangul filler', '\u3164'],
    ['tags', 'a\u{E0061}'],
    ['a variation selector on a letter', 'a\uFE0F'],
    ['a lone surrogate', 'a\uD83D'],
  ])('refuses %s', (_, name) => {
    expect(isDisplayName(name)).toBe(false);
  });

  it('are brought to NFKC', () => {
    expect(normalDisplayName('Ａ\u0301ﬁ')).toBe('Áfi');
  });

  it('are stable: what is stored is taken again and stays the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (text) => {
        fc.pre(isDisplayName(text));
        const stored = normalDisplayName(text);
        expect(isDisplayName(stored)).toBe(true);
        expect(normalDisplayName(stored)).toBe(stored);
        expect(lengthOf(stored)).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('fold alike whatever their case and form', () => {
    expect(foldDisplayName('ÅNN')).toBe(foldDisplayName('a\u030Ann'));
  });

  it('are judged in linear time (T20)', () => {
    const started = performance.now();
    for (const part of ['🙂\u200D', '🙂', 'a\u0301', '\u200D']) isDisplayName(part.repeat(20_000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
