import { describe, expect, it } from '@jest/globals';
import { Cursors } from './cursor.js';

const CURSORS = new Cursors<[number, string]>('room.members', ['number', 'string']);
const cursor = CURSORS.write(['here', undefined], [7, 'ann']);

const refusal = expect.objectContaining({
  code: 'VALIDATION_FAILED',
  details: [expect.objectContaining({ path: 'cursor' })],
});

describe('a cursor', () => {
  it('is read back', () => {
    expect(CURSORS.read(['here', undefined], cursor)).toEqual([7, 'ann']);
  });

  it.each([
    [
      'another list',
      () =>
        new Cursors<[number, string]>('message.pins', ['number', 'string']).read(['here', undefined], cursor),
    ],
    ['other fields', () => CURSORS.read(['there', undefined], cursor)],
    ['a field more', () => CURSORS.read(['here', 'x'], cursor)],
    [
      'another shape',
      () =>
        new Cursors<[string, string]>('room.members', ['string', 'string']).read(['here', undefined], cursor),
    ],
  ])('is none of %s', (_, read) => {
    expect(read).toThrow(refusal);
  });

  it('is none with any of its characters changed, or gone', () => {
    for (let index = 0; index < cursor.length; index += 1) {
      const [before, after] = [cursor.slice(0, index), cursor.slice(index + 1)];
      const other = cursor[index] === 'A' ? 'B' : 'A';
      expect(() => CURSORS.read(['here', undefined], before + other + after)).toThrow(refusal);
      expect(() => CURSORS.read(['here', undefined], before + after)).toThrow(refusal);
    }
  });

  it.each(['', 'null', 'bnVsbA', 'W10', 'e30', `${cursor}=`, ` ${cursor}`, '%', '🌳'])(
    'is not %j',
    (text) => {
      expect(() => CURSORS.read(['here', undefined], text)).toThrow(refusal);
    },
  );
});
