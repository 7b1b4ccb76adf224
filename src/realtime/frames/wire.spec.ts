import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as ws from 'ws';
import { encodeText, payloadOf } from './wire.js';

interface FrameOptions {
  readonly opcode: number;
  readonly fin: boolean;
  readonly mask: boolean;
  readonly readOnly: boolean;
  readonly rsv1: boolean;
}

/** Exported by `ws`, and left out of its types. */
const { Sender } = ws as unknown as {
  Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] };
};

function framedByWs(text: string): Buffer {
  const options = { opcode: 1, fin: true, mask: false, readOnly: true, rsv1: false };
  return Buffer.concat(Sender.frame(Buffer.from(text), options));
}

/** Both sides of each border between the three forms of a length. */
const BORDERS = [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537, 200_000];

describe('a framed text', () => {
  it.each(BORDERS)('of %i bytes is as ws frames it', (length) => {
    const text = 'x'.repeat(length);
    const frame = encodeText(text);
    expect(frame.equals(framedByWs(text))).toBe(true);
    expect(payloadOf(frame).toString()).toBe(text);
  });

  it('counts bytes, not characters, whatever the text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    const property = fc.property(text, fc.constantFrom(1, 50, 500), (part, times) => {
      const whole = part.repeat(times);
      const frame = encodeText(whole);
      expect(frame.equals(framedByWs(whole))).toBe(true);
      expect(payloadOf(frame).equals(Buffer.from(whole))).toBe(true);
    });
    fc.assert(property, { numRuns: 200 });
  });
});
