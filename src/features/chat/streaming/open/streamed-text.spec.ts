import { describe, expect, it } from '@jest/globals';
import { WsException } from '@nestjs/websockets';
import fc from 'fast-check';
import { RealtimeError } from '../../../../realtime/index.js';
import { lengthOf, StreamedText } from './streamed-text.js';

/** What a refused stretch is told: the length so far, or the code alone. */
function refusalOf(text: StreamedText, offset: number, stretch: string): unknown {
  try {
    text.append({ offset, text: stretch });
    return undefined;
  } catch (error) {
    if (error instanceof RealtimeError) return error.code;
    return (error as WsException).getError();
  }
}

const conflict = (length: number) => ({ code: 'CONFLICT', length, message: expect.any(String) });

describe('a streamed text', () => {
  it('grows at its end, counted in characters', () => {
    const text = new StreamedText('a👍🏽');
    text.append({ offset: 3, text: '😀\nb' });
    expect([text.text, text.length]).toEqual(['a👍🏽😀\nb', 6]);
    expect([0, 1, 2, 3, 4, 6].map((offset) => text.from(offset))).toEqual([
      'a👍🏽😀\nb',
      '👍🏽😀\nb',
      '🏽😀\nb',
      '😀\nb',
      '\nb',
      '',
    ]);
  });

  it.each([
    [0, 'abc'],
    [0, ''],
    [1, 'b'],
    [3, ''],
    [2, 'c'],
  ])('is the same when at %i %j is said again', (offset, stretch) => {
    const text = new StreamedText('abc');
    expect(refusalOf(text, offset, stretch)).toBeUndefined();
    expect([text.text, text.length]).toEqual(['abc', 3]);
  });

  it.each([
    [4, 'e'],
    [4, ''],
    [0, 'x'],
    [2, 'xyz'],
    [0, 'abd'],
    [1, 'c'],
  ])('refuses at %i %j with its length, and is the same', (offset, stretch) => {
    const text = new StreamedText('abc');
    expect(refusalOf(text, offset, stretch)).toEqual(conflict(3));
    expect(text.text).toBe('abc');
  });

  it('ends at 8000 characters', () => {
    const text = new StreamedText('😀'.repeat(7998));
    expect(refusalOf(text, 7998, 'abc')).toBe('VALIDATION_FAILED');
    expect(refusalOf(text, 7997, '😀ab')).toBeUndefined();
    expect(text.length).toBe(8000);
    expect(refusalOf(text, 7999, 'bc')).toBe('VALIDATION_FAILED');
    expect(refusalOf(text, 7999, 'b')).toBeUndefined();
    expect(refusalOf(text, 8000, 'c')).toBe('VALIDATION_FAILED');
  });

  it.each([
    [3, ''],
    [3, 'd'],
    [2, 'cd'],
    [2, 'c'],
    [0, 'abc'],
  ])('is whole with %i %j as the last of it, and is the same', (offset, stretch) => {
    const text = new StreamedText('abc');
    expect(text.endingWith({ offset, text: stretch })).toBe('abc'.slice(0, offset) + stretch);
    expect([text.text, text.length]).toEqual(['abc', 3]);
  });

  it.each([
    [4, ''],
    [2, 'x'],
    [2, ''],
    [0, ''],
    [0, 'ab'],
  ])('has another end than %i %j, and says where', (offset, stretch) => {
    const told: unknown[] = [];
    try {
      new StreamedText('abc').endingWith({ offset, text: stretch });
    } catch (error) {
      told.push((error as WsException).getError());
    }
    expect(told).toEqual([conflict(3)]);
  });
});

describe('a text that is said in stretches', () => {
  const whole = fc.string({ unit: 'binary', maxLength: 60 });
  const spans = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 40 });

  it('is what was said, however often and in whatever order its stretches come', () => {
    fc.assert(
      fc.property(whole, spans, (said, places) => {
        const characters = Array.from(said);
        const text = new StreamedText();
        for (const [one, other] of places) {
          const { length } = text;
          const [from, to] = [Math.min(one, other), Math.max(one, other)];
          const refusal = refusalOf(text, from, characters.slice(from, to).join(''));
          expect(refusal).toEqual(from <= length ? undefined : conflict(length));
          expect(text.length).toBe(
            from <= length ? Math.max(length, Math.min(to, characters.length)) : length,
          );
          expect(said.startsWith(text.text)).toBe(true);
        }
        text.append({ offset: text.length, text: characters.slice(text.length).join('') });
        expect([text.text, text.length]).toEqual([said, characters.length]);
      }),
    );
  });

  it('has as many characters as it has code points', () => {
    fc.assert(fc.property(whole, (said) => expect(lengthOf(said)).toBe(Array.from(said).length)));
  });
});
