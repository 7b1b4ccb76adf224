import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { termsOf } from '../search-index/index.js';
import { rank } from './ranking.js';
import { snippetOf } from './snippet.js';

describe('a snippet', () => {
  it.each([
    ['the whole of a short text', 'hello world', 6, 'hello world'],
    ['one line of many', ' a\n\tb \r\n c ', 3, 'a b c'],
    ['nothing of nothing', '', 0, ''],
  ])('is %s', (_, text, at, expected) => expect(snippetOf(text, at)).toBe(expected));

  it('shows the match of a long text, cut between words', () => {
    const text = `${'before '.repeat(100)}MATCH ${'after '.repeat(100)}`;
    const snippet = snippetOf(text, text.indexOf('MATCH'));
    expect(snippet).toMatch(/^…(before )+MATCH (after )*after…$/);
    expect(Array.from(snippet).length).toBeGreaterThan(170);
  });

  it('shows the end of a text whose end matches', () => {
    const text = `${'before '.repeat(100)}MATCH`;
    expect(snippetOf(text, text.indexOf('MATCH'))).toMatch(/^…before .{150,}MATCH$/);
  });

  it('has at most 200 code points, well-formed, out of the text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 1000 });
    const property = fc.property(text, fc.double({ min: 0, max: 1, noNaN: true }), (value, share) => {
      const characters = Array.from(value);
      const at = characters.slice(0, Math.floor(share * characters.length)).join('').length;
      const snippet = snippetOf(value, at);
      expect(Array.from(snippet).length).toBeLessThanOrEqual(200);
      expect(snippet).not.toMatch(/\p{Cs}/u);
      expect(value.replace(/\s+/g, ' ')).toContain(snippet.replace(/^…|…$/g, ''));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('the rank of a text', () => {
  const score = (text: string, query: string): number => rank(text, termsOf(query)).score;

  it('rises with how often the words come, and falls with the length', () => {
    expect(score('a a', 'a')).toBeGreaterThan(score('a', 'a'));
    expect(score('a b', 'a')).toBeGreaterThan(score('a b c d', 'a'));
    expect(score('hello', 'hello')).toBeGreaterThan(score('hellos', 'hello'));
    expect(score('b', 'a')).toBe(0);
  });

  it('says where the first of the words is', () => {
    expect(rank('one Two three', termsOf('three two')).at).toBe(4);
    expect(rank('明日は東京都', termsOf('東京')).at).toBe(3);
    expect(rank('one', termsOf('two')).at).toBe(0);
  });
});
