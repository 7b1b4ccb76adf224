import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadFrame, decodeText } from './inbound-frame.js';

const decode = (text: string): unknown => decodeText(Buffer.from(text));

function outcomeOf(text: string): unknown {
  try {
    return decode(text);
  } catch (error) {
    if (!(error instanceof BadFrame)) throw error;
    return { code: error.code, id: error.id, message: error.message };
  }
}

/** As one would write it without caring for speed. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

/** Text full of what could confuse a counter of brackets. */
const trickyText = fc
  .array(fc.constantFrom('[', ']', '{', '}', '"', '\\', '\\"', '\u2028', 'é', '😀', '/', '\n', 'a'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

const key = fc.oneof(trickyText, fc.string()).filter((name) => !FORBIDDEN.includes(name));

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 12, depthSize: 'large' },
    fc.oneof(trickyText, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
  ),
}));

/** Long texts are looked at before they are parsed, short ones after: both have to agree. */
const padding = fc.constantFrom('', 'x'.repeat(3000));

const frames = fc.record(
  {
    event: fc.oneof(trickyText, fc.string()).filter((event) => event !== ''),
    id: fc.oneof(trickyText, fc.double({ noNaN: true, noDefaultInfinity: true })),
    data: tree,
    padding,
  },
  { requiredKeys: ['event', 'padding'] },
);

describe('a frame', () => {
  it('is what JSON.parse reads, and refused exactly when it is nested too deep (T23)', () => {
    const property = fc.property(frames, (frame) => {
      const text = JSON.stringify(frame);
      const { event, id, data } = JSON.parse(text) as Record<string, unknown>;
      const isTooDeep = depthOf(frame) > 8;
      const outcome = outcomeOf(text) as { readonly code?: string };
      expect(outcome.code).toBe(isTooDeep ? 'BAD_FRAME' : undefined);
      fc.pre(!isTooDeep);
      expect(outcome).toEqual({ event, id, data });
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it.each([0, 3000])('is counted by the frame itself first, with %i characters of text', (length) => {
    const nested = (depth: number): string =>
      `{"event":"e","pad":"${'x'.repeat(length)}","data":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(outcomeOf(nested(7))).toMatchObject({ event: 'e' });
    expect(outcomeOf(nested(8))).toMatchObject({ code: 'BAD_FRAME' });
  });

  it.each(FORBIDDEN)('has no property %s at any depth', (name) => {
    const holders = fc.tuple(fc.array(fc.constantFrom('array', 'object'), { maxLength: 6 }), padding);
    const property = fc.property(holders, ([path, pad]) => {
      const data = path.reduce(
        (inner, kind) => (kind === 'array' ? `[${inner}]` : `{"a":${inner}}`),
        `{"${name}":1}`,
      );
      const text = `{"event":"e","id":7,"pad":"${pad}","data":${data}}`;
      expect(outcomeOf(text)).toMatchObject({ code: 'BAD_FRAME', id: 7 });
    });
    fc.assert(property, { numRuns: 50 });
    expect(outcomeOf(`{"event":"e","${name}":1}`)).toMatchObject({ code: 'BAD_FRAME' });
    expect(outcomeOf(`{"event":"e","data":"${name}"}`)).toEqual({ event: 'e', id: undefined, data: name });
  });

  it.each([
    ['{"event":"e","id":1e999}', undefined],
    ['{"event":"e","id":-1e999}', undefined],
    ['{"event":"e","id":null}', undefined],
    ['{"event":"e","id":true}', undefined],
    ['{"event":1,"id":"known"}', 'known'],
    ['{"id":0}', 0],
    ['{"event":"","id":2}', 2],
    ['"event"', undefined],
    ['', undefined],
    ['\uFEFF{}', undefined],
    ['{"event":"e"}{}', undefined],
  ])('is not %s', (text, id) => {
    expect(outcomeOf(text)).toEqual({ code: 'BAD_FRAME', id, message: expect.any(String) });
  });

  it('of whatever bytes is read or refused, and nothing else happens', () => {
    const text = fc.oneof(fc.json(), fc.string(), trickyText);
    fc.assert(
      fc.property(text, (any) => expect(outcomeOf(any)).toBeDefined()),
      { numRuns: 500 },
    );
  });

  it.each(['[', '{"a":', '"\\'])('of 64 KiB of %j is refused at once', (part) => {
    const text = part.repeat(Math.floor(65_536 / part.length));
    const begun = performance.now();
    expect(outcomeOf(text)).toMatchObject({ code: 'BAD_FRAME' });
    expect(performance.now() - begun).toBeLessThan(50);
  });
});
