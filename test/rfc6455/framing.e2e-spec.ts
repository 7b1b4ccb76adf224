import { beforeEach, describe, expect, it } from '@jest/globals';
import { closing, frame, OPCODE } from './frame.js';
import { target } from './target.js';
import type { WireClient } from './wire-client.js';

const REQUEST = '{"event":"auth.whoami","id":"ask"}';
const MAX_FRAME_BYTES = 4096;
const MIB = 1024 * 1024;

describe('RFC 6455 framing (T11)', () => {
  const service = target({ MAX_FRAME_BYTES: String(MAX_FRAME_BYTES) });
  let client: WireClient;

  beforeEach(async () => {
    client = await service.open();
  });

  const expectEnd = async (code: number): Promise<void> =>
    await expect(client.close()).resolves.toMatchObject({ code });
  const expectAnswer = async (): Promise<void> =>
    await expect(client.answer()).resolves.toMatchObject({ event: 'auth.whoami', id: 'ask' });

  it('is unmasked, whole and without extensions from the server (5.1)', async () => {
    client.send(REQUEST);
    expect(await client.next()).toMatchObject({ fin: true, rsv: 0, isMasked: false, opcode: OPCODE.text });
  });

  it.each([
    ['text', OPCODE.text],
    ['a ping', OPCODE.ping],
    ['a close', OPCODE.close],
  ])('closes with 1002 when %s is not masked (5.1)', async (_, opcode) => {
    client.send(opcode === OPCODE.close ? closing(1000) : REQUEST, { opcode, isMasked: false });
    await expectEnd(1002);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('closes with 1002 for the reserved bits %i (5.2)', async (rsv) => {
    client.send(REQUEST, { rsv });
    await expectEnd(1002);
  });

  it.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('closes with 1002 for opcode %i (5.2)', async (opcode) => {
    client.send('', { opcode });
    await expectEnd(1002);
  });

  it('takes a message in fragments, empty ones too (5.4)', async () => {
    client.send('', { fin: false });
    for (const byte of Buffer.from(REQUEST)) {
      client.send(Buffer.of(byte), { fin: false, opcode: OPCODE.continuation });
      client.send('', { fin: false, opcode: OPCODE.continuation });
    }
    client.send('', { opcode: OPCODE.continuation });
    await expectAnswer();
  });

  it('answers a ping between fragments before the message is whole (5.4, 5.5)', async () => {
    client.send(REQUEST.slice(0, 5), { fin: false });
    client.send('now', { opcode: OPCODE.ping });
    expect((await client.next()).payload.toString()).toBe('now');
    client.send('', { opcode: OPCODE.pong });
    client.send(REQUEST.slice(5), { opcode: OPCODE.continuation });
    await expectAnswer();
  });

  it('closes between fragments, and the message never was (5.4)', async () => {
    client.send(REQUEST, { fin: false });
    client.send(closing(1000), { opcode: OPCODE.close });
    await expect(client.ended).resolves.toMatchObject({ code: 1000 });
    expect(client.frames.filter(({ opcode }) => opcode === OPCODE.text)).toEqual([]);
  });

  it.each([
    ['a continuation of nothing', [frame('', { opcode: OPCODE.continuation })]],
    ['a last continuation too many', [frame(REQUEST), frame('', { opcode: OPCODE.continuation })]],
    ['text within a message', [frame('{', { fin: false }), frame('}')]],
    ['binary within a message', [frame('{', { fin: false }), frame('}', { opcode: OPCODE.binary })]],
  ])('closes with 1002 for %s (5.4)', async (_, frames) => {
    client.write(Buffer.concat(frames));
    await expectEnd(1002);
  });

  it.each([OPCODE.close, OPCODE.ping, OPCODE.pong])(
    'closes with 1002 for a fragmented control frame of opcode %i (5.5)',
    async (opcode) => {
      client.send('', { opcode, fin: false });
      await expectEnd(1002);
    },
  );

  it.each([OPCODE.close, OPCODE.ping, OPCODE.pong])(
    'closes with 1002 for a control frame of opcode %i with 126 bytes (5.5)',
    async (opcode) => {
      client.send(Buffer.alloc(126, 3), { opcode });
      await expectEnd(1002);
    },
  );

  it.each([0, 1, 124, 125])('answers a ping of %i bytes with the same (5.5.2)', async (length) => {
    const payload = Buffer.alloc(length, 0xff);
    client.send(payload, { opcode: OPCODE.ping });
    const pong = await client.next(OPCODE.pong);
    expect(pong).toMatchObject({ fin: true, rsv: 0, isMasked: false });
    expect(pong.payload.equals(payload)).toBe(true);
  });

  it('answers pings in their order, and lets pongs that nobody asked for pass (5.5.3)', async () => {
    for (const name of ['a', 'b', 'c']) {
      client.send(name, { opcode: OPCODE.pong });
      client.send(name, { opcode: OPCODE.ping });
    }
    const pongs = [await client.next(), await client.next(), await client.next()];
    expect(pongs.map(({ payload }) => payload.toString())).toEqual(['a', 'b', 'c']);
    client.send(REQUEST);
    await expectAnswer();
  });

  it.each([7, 16, 64] as const)(
    'reads a length of %i bits, a longer form than needed too (5.2)',
    async (lengthBits) => {
      client.send(REQUEST, { lengthBits });
      await expectAnswer();
    },
  );

  it.each([125, 126, 127, 4095, 4096])('reads a message of %i bytes (5.2)', async (length) => {
    client.send(REQUEST.padEnd(length));
    await expectAnswer();
  });

  it('reads what comes byte by byte, and many frames that come at once', async () => {
    for (const byte of frame(REQUEST)) client.write(Buffer.of(byte));
    await expectAnswer();
    client.write(Buffer.concat(Array.from({ length: 200 }, () => frame(REQUEST))));
    for (let n = 0; n < 200; n++) await expectAnswer();
  });

  it.each([
    ['one byte more than may be', BigInt(MAX_FRAME_BYTES + 1)],
    ['2^31', 2n ** 31n],
    ['2^53', 2n ** 53n],
    ['2^63 - 1', 2n ** 63n - 1n],
    ['2^63', 2n ** 63n],
    ['2^64 - 1', 2n ** 64n - 1n],
  ])('closes with 1009 when %s is announced, before any of it is there (T12)', async (_, announced) => {
    const before = await service.memory();
    client.send('{', { announced });
    await expectEnd(1009);
    expect((await service.memory()) - before).toBeLessThan(20 * MIB);
  });

  it('closes with 1009 when fragments together are too large (T13)', async () => {
    client.send('x'.repeat(MAX_FRAME_BYTES), { fin: false });
    client.send('x', { fin: false, opcode: OPCODE.continuation });
    await expectEnd(1009);
  });

  it('closes with 1008 for too many fragments, empty as they are (T13)', async () => {
    const before = await service.memory();
    const empty = frame('', { fin: false, opcode: OPCODE.continuation });
    client.write(Buffer.concat([frame('', { fin: false }), ...Array.from({ length: 20_000 }, () => empty)]));
    await expectEnd(1008);
    expect((await service.memory()) - before).toBeLessThan(20 * MIB);
  });

  it('closes with 1003 for bytes on chat (T15)', async () => {
    client.send(REQUEST, { opcode: OPCODE.binary });
    await expectEnd(1003);
  });

  it('costs a bounded amount of memory when a peer pings and never reads (T16)', async () => {
    const before = await service.memory();
    client.socket.pause();
    const pings = Buffer.concat(
      Array.from({ length: 5000 }, () => frame('x'.repeat(125), { opcode: OPCODE.ping })),
    );
    for (let n = 0; n < 60 && !client.socket.destroyed; n++) {
      if (!client.socket.write(pings)) await Promise.race([once(client), client.ended]);
    }
    expect((await service.memory()) - before).toBeLessThan(20 * MIB);
    client.socket.destroy();
  }, 60_000);
});

/** Resolves when the socket has taken what was written. */
async function once({ socket }: WireClient): Promise<void> {
  await new Promise((resolve) => socket.once('drain', resolve));
}
