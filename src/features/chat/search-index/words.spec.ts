import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { termsOf } from './terms.js';
import { wordsOf } from './words.js';

const words = (text: string): string =>
  wordsOf(text)
    .map(({ word }) => word)
    .join(' ');

describe('the words of a text', () => {
  it.each([
    ['Grüße, Ærø & Naïveté!', 'grusse ærø naivete'],
    ['İstanbul ISPARTA ılık', 'istanbul isparta ilik'],
    ['ΟΔΟΣ οδός Σίσυφος', 'οδοσ οδοσ σισυφοσ'],
    ['Ёлка елка', 'елка елка'],
    ['שָׁלוֹם', 'שלום'],
    ['مُحَمَّد أحمد كتــاب می‌خواهم', 'محمد احمد كتاب میخواهم'],
    ['हिन्दी किताब', 'हिन्दी किताब'],
    ['ＡＢＣ１２３ ﬁne ½', 'abc123 fine 1 2'],
    ["don't foo_bar v1.2", 'don t foo bar v1 2'],
    ['東京都', '東京 京都 都'],
    ['iPhone手机', 'iphone 手机 机'],
    ['ガス カス', 'ガス ス カス ス'],
    ['한국어', '한국 국어 어'],
    ['สวัสดี', 'สว วั ัส สด ดี ี'],
    ['👍🏽 👩‍💻 ❤️ 🇩🇪', '👍 👩 💻 ❤ 🇩🇪'],
    ['\u0301\u200d !?… \n', ''],
  ])('of %j are %j', (text, expected) => expect(words(text)).toBe(expected));

  it('are cut', () => expect(words('x'.repeat(8000))).toBe('x'.repeat(64)));

  it('begin where they stand', () => {
    expect(wordsOf('¡Éa! 東京')).toEqual([
      { word: 'ea', at: 1 },
      { word: '東京', at: 5 },
      { word: '京', at: 6 },
    ]);
  });

  it('begin inside of the text, also where a sign before them is folded into two', () => {
    expect(wordsOf('ﯪ〡').map(({ at }) => at)).toEqual([0, 1]);
  });

  it('are free of spaces, signs and capitals, and the same for composed and decomposed texts', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const { word, at } of wordsOf(text)) {
        expect(word).toMatch(/^[\p{L}\p{M}\p{N}\p{RI}\p{Extended_Pictographic}]+$/u);
        expect(word).not.toMatch(/[A-Z]/);
        expect(at).toBeLessThan(text.length);
      }
      expect(words(text.normalize('NFD'))).toBe(words(text.normalize('NFC')));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('take no longer than their number', () => {
    for (const unit of ['a', '\u0301', '東', '👩\u200d', 'a\u200d', '"*(']) {
      const started = performance.now();
      wordsOf(unit.repeat(8000));
      expect(performance.now() - started).toBeLessThan(500);
    }
  });
});

describe('the terms of a query', () => {
  it.each([
    ['Hello wor', [['hello'], ['wor*']]],
    ['wor', [['wor*']]],
    ['東京都', [['東京', '京都']]],
    ['都 x', [['都*'], ['x*']]],
    ['手机 👍', [['手机'], ['👍']]],
    ['a a', [['a'], ['a*']]],
    ['b b b', [['b'], ['b*']]],
    ['"*" OR -NEAR(', [['or'], ['near*']]],
    ['…', []],
  ])('of %j are %j', (query, expected) => {
    const terms = termsOf(query).map(({ words: parts, isPrefix }) =>
      parts.map((word, index) => (isPrefix && index === parts.length - 1 ? `${word}*` : word)),
    );
    expect(terms).toEqual(expected);
  });
});
