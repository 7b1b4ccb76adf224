import { describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import { frame, OPCODE } from '../rfc6455/frame.js';
import { sentIn } from './sent.js';

const sending = encode({ event: 'message.send', id: 1, data: { clientId: 'one', text: 'hello' } });

/** A message of `superchat` in which something that is whole follows the sending. */
function sentBefore(...next: readonly number[]): string[] {
  const message = Buffer.concat([Buffer.of(0x92), sending, Buffer.from(next)]);
  return [...sentIn(frame(message, { opcode: OPCODE.binary }), 'superchat')];
}

describe('what a client may have sent', () => {
  it.each([
    ['a key that is an array', [0x81, 0x91, 0x01, 0x02]],
    ['a key that is null', [0x81, 0xc0, 0x02]],
    ['a forbidden key', [0x81, 0xa9, ...Buffer.from('__proto__'), 0x02]],
    ['a time of no known size', [0xd4, 0xff, 0x00]],
    ['an extension', [0xc7, 0x02, 0x07, 0x01, 0x02]],
    ['text that is no UTF-8', [0xa1, 0xff]],
  ])('counts a frame before %s', (_, next) => {
    expect(sentBefore(...next)).toEqual(['one hello']);
  });

  it.each([
    ['breaks off', [0x82, 0xa1, 0x61, 0x01]],
    ['has a byte that is never used', [0xc1]],
    ['has something behind it', [0x01, 0x01]],
  ])('counts nothing of a message that %s', (_, next) => {
    expect(sentBefore(...next)).toEqual([]);
  });
});
