import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attachmentName } from './attachment-name.js';

describe('the name of an attachment (T43)', () => {
  it.each([
    ['a\0b.txt', 'ab.txt'],
    ['a/\0', 'file'],
    ['\r\nX: 1', 'X: 1'],
    ['\u2066\u202E\u200B', 'file'],
    ['a\u2028b', 'ab'],
    ['  spaced  ', 'spaced'],
    ['...', 'file'],
    ['/', 'file'],
    ['e\u0301', 'é'],
    ['🌳'.repeat(300), '🌳'.repeat(255)],
  ])('%j becomes %j', (given, name) => {
    expect(attachmentName(given)).toBe(name);
  });

  it('is one that a file can have, whatever is given', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
      const name = attachmentName(given);
      expect(name).not.toMatch(/[\p{Cc}\p{Cf}/\\]/u);
      expect(name).not.toMatch(/^\.*$/);
      expect(Array.from(name).length).toBeLessThanOrEqual(255);
    });
    fc.assert(property);
  });
});
