import { beforeEach, describe, expect, it } from '@jest/globals';
import { frame, OPCODE } from './frame.js';
import { target } from './target.js';
import type { WireClient } from './wire-client.js';

/** A request whose `id` is in bytes, so that the answer shows how they were read. */
function requestWith(id: Buffer): Buffer {
  return Buffer.concat([Buffer.from('{"event":"auth.whoami","id":"'), id, Buffer.from('"}')]);
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('RFC 6455 text (5.6, 8.1; T11)', () => {
  const service = target();
  let client: WireClient;

  beforeEach(async () => {
    client = await service.open();
  });

  it.each(['é', '€', '𝄞', '\u0000\u007f\u0080', '\ud7ff\ue000\uffff', '\u{10ffff}', '\ufeff'])(
    'is read as it was written: %j',
    async (text) => {
      const id = JSON.stringify(text).slice(1, -1);
      client.send(requestWith(Buffer.from(id)));
      await expect(client.answer()).resolves.toMatchObject({ id: text });
    },
  );

  it('may be cut into fragments within a character', async () => {
    const message = requestWith(Buffer.from('κόσμε 𝄞'));
    client.send('', { fin: false });
    for (const byte of message) client.send(Buffer.of(byte), { fin: false, opcode: OPCODE.continuation });
    client.send('', { opcode: OPCODE.continuation });
    await expect(client.answer()).resolves.toMatchObject({ id: 'κόσμε 𝄞' });
  });

  it('may hold a ping within a character', async () => {
    const message = requestWith(Buffer.from('€'));
    const cut = message.indexOf(0xe2) + 1;
    client.send(message.subarray(0, cut), { fin: false });
    client.send('', { opcode: OPCODE.ping });
    client.send(message.subarray(cut), { opcode: OPCODE.continuation });
    await expect(client.answer()).resolves.toMatchObject({ id: '€' });
  });

  it.each([
    ['a lone continuation', '80'],
    ['a sequence without its end', 'e2 82'],
    ['a wrong second byte', 'c3 28'],
    ['an overlong slash', 'c0 af'],
    ['an overlong slash of four bytes', 'f0 80 80 af'],
    ['a surrogate', 'ed a0 80'],
    ['a pair of surrogates', 'ed a0 81 ed b0 81'],
    ['a code point beyond the last', 'f4 90 80 80'],
    ['a byte that UTF-8 does not have', 'ff'],
    ['a sequence of five bytes', 'f8 88 80 80 80'],
  ])('closes with 1007 for %s', async (_, hex) => {
    client.send(requestWith(bytes(hex)));
    await expect(client.close()).resolves.toMatchObject({ code: 1007 });
    expect(client.frames.filter(({ opcode }) => opcode === OPCODE.text)).toEqual([]);
  });

  it('closes with 1007 for what becomes invalid over fragments, at their end at the latest', async () => {
    const message = requestWith(bytes('e2 82'));
    const cut = message.indexOf(0xe2) + 1;
    client.write(
      Buffer.concat([
        frame(message.subarray(0, cut), { fin: false }),
        frame(message.subarray(cut), { opcode: OPCODE.continuation }),
      ]),
    );
    await expect(client.close()).resolves.toMatchObject({ code: 1007 });
  });

  it('closes with 1007 for a message that ends within a character', async () => {
    client.send(bytes('22 e2 82'));
    await expect(client.close()).resolves.toMatchObject({ code: 1007 });
  });
});
