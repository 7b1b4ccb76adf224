import { describe, expect, it } from '@jest/globals';
import { isDisplayName, isUsername, lengthOf } from '../accounts/names.js';
import { displayNameFor, usernamesFor } from './foreign-names.js';

describe('usernamesFor', () => {
  it.each<[unknown, string]>([
    ['Ann', 'ann'],
    ['ann.example@corp.example', 'ann.example-corp.example'],
    ['Zoë  Müller', 'zoe-muller'],
    ['ＡＮＮ', 'ann'],
    ['\u202eann\u0000b', 'ann-b'],
    ['x'.repeat(100_000), 'x'.repeat(32)],
    ['аdmin', 'dmin'],
    ['李', 'user'],
    ['an', 'user'],
    ['@@@', 'user'],
    ['', 'user'],
    [undefined, 'user'],
    [{ $ne: '' }, 'user'],
  ])('makes of %j the name %s', (claim, name) => {
    expect(usernamesFor(claim)[0]).toBe(name);
  });

  it('has others for a name that is taken, each allowed, the last one nobody’s', () => {
    for (const claim of ['ann', 'x'.repeat(32), 'a-b.'.repeat(20)]) {
      const [names, again] = [usernamesFor(claim), usernamesFor(claim)];
      expect(new Set(names).size).toBe(10);
      expect(names.filter((name) => !isUsername(name))).toEqual([]);
      expect(again.at(-1)).not.toBe(names.at(-1));
      expect(again.slice(0, -1)).toEqual(names.slice(0, -1));
    }
  });
});

describe('displayNameFor', () => {
  const family = '👩‍👩‍👧';

  it.each<[unknown, string | null]>([
    ['Ann Example', 'Ann Example'],
    ['Ａnn', 'Ann'],
    ['Ann\u202eExample\u0000', 'AnnExample'],
    ['Ann\ud800', 'Ann'],
    ['\u200b\u2066', null],
    ['   ', null],
    ['', null],
    [7, null],
    [undefined, null],
    [`Ann ${family}`, `Ann ${family}`],
    [`${'x'.repeat(62)}${family}`, 'x'.repeat(62)],
    ['x'.repeat(100_000), 'x'.repeat(64)],
    ['ﷺ'.repeat(1_000), 'صلى الله عليه وسلم'.repeat(4).slice(0, 64)],
  ])('makes of %j the name %j', (claim, name) => {
    expect(displayNameFor(claim)).toBe(name);
    if (name !== null) expect([isDisplayName(name), lengthOf(name) <= 64]).toEqual([true, true]);
  });
});
