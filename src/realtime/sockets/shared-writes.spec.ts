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

type Due = [OutboundFrame, ...OutboundFrame[]];

const encoded = (codec: Codec, [first, ...rest]: Due): [Buffer, ...Buffer[]] => [
  first.encodedBy(codec),
  ...rest.map((frame) => frame.encodedBy(codec)),
];

const [one, two, three] = frames as [OutboundFrame, OutboundFrame, OutboundFrame];

describe.each([CHAT, SUPERCHAT])('what connections are due on $name', (codec) => {
  it('is one buffer for all that are due the same', () => {
    const writes = new SharedWrites();
    const first = writes.bytesOf(codec, encoded(codec, [one, two]));
    expect(writes.bytesOf(codec, encoded(codec, [one, two]))).toBe(first);
  });

  it('is another one for those that are due more, less or something else', () => {
    const writes = new SharedWrites();
    const first = writes.bytesOf(codec, encoded(codec, [one, two]));
    for (const due of [[one], [one, two, three], [one, three], [two, one]] satisfies Due[]) {
      expect(writes.bytesOf(codec, encoded(codec, due)).equals(first)).toBe(false);
    }
  });

  it('is put together anew after a round', () => {
    const writes = new SharedWrites();
    const first = writes.bytesOf(codec, encoded(codec, [one, two]));
    writes.clear();
    const second = writes.bytesOf(codec, encoded(codec, [one, two]));
    expect(second).not.toBe(first);
    expect(second.equals(first)).toBe(true);
  });

  it('holds the bytes of its own frames, whatever others were due before', () => {
    const due = fc.array(fc.constantFrom(...frames), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(due, { maxLength: 30 }), (rounds) => {
        const writes = new SharedWrites();
        for (const round of rounds) {
          const bytes = encoded(codec, round as Due);
          expect(writes.bytesOf(codec, bytes).equals(Buffer.concat(codec.framed(bytes)))).toBe(true);
        }
      }),
    );
  });
});

it('the codecs do not share what they write', () => {
  const writes = new SharedWrites();
  const shared = one.encodedBy(CHAT);
  const [text, binary] = [writes.bytesOf(CHAT, [shared]), writes.bytesOf(SUPERCHAT, [shared])];
  expect(text).toBe(shared);
  expect(binary[0]).toBe(0x82);
});
