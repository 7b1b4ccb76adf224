import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHAT } from '../frames/chat.codec.js';
import type { Codec } from '../frames/codec.js';
import { OutboundFrame } from '../frames/outbound-frame.js';
import { SUPERCHAT } from '../frames/superchat.codec.js';
import { SharedWrites } from './shared-writes.js';

const frames = Array.from(
  { length: 6 },
  (_, n) => new OutboundFrame('event', { n, text: 'x'.repeat(n * 50) }),
);

const [one, two, three] = frames as [OutboundFrame, OutboundFrame, OutboundFrame];

const encoded = (codec: Codec, due: readonly OutboundFrame[]): Buffer[] =>
  due.map((frame) => frame.encodedBy(codec));

/** What is written for frames that others are given too. */
function shared(writes: SharedWrites, codec: Codec, due: readonly OutboundFrame[]): Buffer {
  const pieces = writes.piecesOf(codec, { frames: encoded(codec, due), shared: due.length });
  expect(pieces).toHaveLength(1);
  return pieces[0] as Buffer;
}

describe.each([CHAT, SUPERCHAT])('what connections are due on $name', (codec) => {
  it('is one buffer for all that are due the same', () => {
    const writes = new SharedWrites();
    const first = shared(writes, codec, [one, two]);
    expect(shared(writes, codec, [one, two])).toBe(first);
  });

  it('is another one for those that are due more, less or something else', () => {
    const writes = new SharedWrites();
    const first = shared(writes, codec, [one, two]);
    for (const due of [[one], [one, two, three], [one, three], [two, one]]) {
      expect(shared(writes, codec, due).equals(first)).toBe(false);
    }
  });

  it('shares its beginning where answers follow', () => {
    const writes = new SharedWrites();
    const withAnswer = (answer: OutboundFrame): readonly Buffer[] =>
      writes.piecesOf(codec, { frames: encoded(codec, [one, two, answer]), shared: 2 });
    const [some, others] = [withAnswer(three), withAnswer(frames[4] as OutboundFrame)];
    expect(some.at(-2)).toBe(others.at(-2));
    expect(some.at(-1)).not.toBe(others.at(-1));
  });

  it('is put together anew after a round', () => {
    const writes = new SharedWrites();
    const first = shared(writes, codec, [one, two]);
    writes.clear();
    const second = shared(writes, codec, [one, two]);
    expect(second).not.toBe(first);
    expect(second.equals(first)).toBe(true);
  });

  it('holds the bytes of its own frames, whatever others were due before', () => {
    const due = fc.record({
      chosen: fc.array(fc.constantFrom(...frames), { minLength: 1, maxLength: 6 }),
      ofShared: fc.constantFrom(0, 0.5, 1),
    });
    fc.assert(
      fc.property(fc.array(due, { maxLength: 30 }), (round) => {
        const writes = new SharedWrites();
        for (const { chosen, ofShared } of round) {
          const bytes = encoded(codec, chosen);
          const pieces = writes.piecesOf(codec, {
            frames: bytes,
            shared: Math.floor(chosen.length * ofShared),
          });
          const expected = Buffer.concat(codec.framed(bytes, bytes.length));
          expect(Buffer.concat(pieces).equals(expected)).toBe(true);
        }
      }),
    );
  });
});

it('the codecs do not share what they write', () => {
  const writes = new SharedWrites();
  const due = { frames: [one.encodedBy(CHAT)], shared: 1 };
  expect(writes.piecesOf(CHAT, due)[0]?.[0]).toBe(0x81);
  expect(writes.piecesOf(SUPERCHAT, due)[0]?.[0]).toBe(0x82);
});
