import { deflateRawSync, constants, inflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import { frame, OPCODE } from './frame.js';
import { target } from './target.js';
import type { WireClient } from './wire-client.js';

const REQUEST = '{"event":"auth.whoami","id":"ask"}';
const MIB = 1024 * 1024;
const RSV1 = 4;
const TAIL = Buffer.of(0, 0, 0xff, 0xff);

/** A message as permessage-deflate sends it (RFC 7692 section 7.2.1). */
function deflated(text: string | Buffer, windowBits = 15): Buffer {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH, windowBits });
  return bytes.subarray(0, -TAIL.length);
}

/** The text of the last of these payloads, of which each may refer to those before it. */
function inflated(...payloads: readonly Buffer[]): string {
  const inflate = (all: readonly Buffer[]): string =>
    inflateRawSync(Buffer.concat(all.flatMap((one) => [one, TAIL])), {
      finishFlush: constants.Z_SYNC_FLUSH,
    }).toString();
  return inflate(payloads).slice(inflate(payloads.slice(0, -1)).length);
}

/** The first reply behind `ready`, which is its context unless the server keeps none. */
async function firstReply(client: WireClient): Promise<string> {
  const { rsv, payload } = await client.next(OPCODE.text);
  if (rsv !== RSV1) return payload.toString();
  const { ready } = client;
  return ready?.rsv === RSV1 ? inflated(ready.payload, payload) : inflated(payload);
}

/** What the handshake's answer says of extensions. */
const negotiated = ({ head }: WireClient): string | undefined =>
  /^sec-websocket-extensions: (.*)$/im.exec(head)?.[1]?.trim();

describe('RFC 7692 with COMPRESSION=on', () => {
  const service = target({ COMPRESSION: 'on' });

  const open = (
    extensions = 'permessage-deflate; server_no_context_takeover',
    subprotocol?: string,
  ): Promise<WireClient> => service.open({ extensions, ...(subprotocol !== undefined && { subprotocol }) });

  it.each([
    ['permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate'],
    ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; server_no_context_takeover'],
    ['permessage-deflate; client_no_context_takeover', 'permessage-deflate; client_no_context_takeover'],
    ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=10'],
    ['x-unknown, permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate; unknown=1, permessage-deflate', 'permessage-deflate'],
  ])('takes the offer %j as %j (7.1)', async (offer, answer) => {
    const client = await open(offer);
    expect(negotiated(client)).toBe(answer);
    client.send(deflated(REQUEST), { rsv: RSV1 });
    expect(JSON.parse(await firstReply(client))).toMatchObject({ id: 'ask' });
    client.socket.destroy();
  });

  it.each([
    'x-webkit-deflate-frame',
    'permessage-deflate; unknown',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; client_max_window_bits=99',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
  ])('declines the offer %j, and serves without (7.1)', async (offer) => {
    const client = await open(offer);
    expect(negotiated(client)).toBeUndefined();
    await expect(client.ask('auth.whoami')).resolves.toMatchObject({ id: 'ask' });
    client.socket.destroy();
  });

  it('is not used by a client that did not offer it (7.1)', async () => {
    const client = await service.open();
    expect(negotiated(client)).toBeUndefined();
    client.send(deflated(REQUEST), { rsv: RSV1 });
    await expect(client.close()).resolves.toMatchObject({ code: 1002 });
  });

  it.each(['chat', 'superchat'])(
    'carries pushes and replies of %s that others get too',
    async (subprotocol) => {
      const client = await open('permessage-deflate; server_no_context_takeover', subprotocol);
      const plain = await service.service.connect('plain');
      const room = { kind: 'channel', name: `compressed ${subprotocol}` };
      const { room: made } = await plain.request('room.create', room);
      const join = { event: 'room.join', id: 'join', data: { roomId: made.id } };
      client.send(subprotocol === 'chat' ? JSON.stringify(join) : Buffer.from(encode([join])), {
        opcode: subprotocol === 'chat' ? OPCODE.text : OPCODE.binary,
      });
      const text = 'so long that it is worth compressing '.repeat(100);
      await plain.next('room.event', ({ type }) => type === 'member.joined');
      await plain.request('message.send', { roomId: made.id, text, clientId: `compressed-${subprotocol}` });
      let received = '';
      while (!received.includes(text)) {
        const { rsv, payload, opcode } = await client.next();
        expect(opcode).toBe(subprotocol === 'chat' ? OPCODE.text : OPCODE.binary);
        received = rsv === RSV1 ? inflated(payload) : payload.toString();
        if (received.includes(text)) expect(payload.length).toBeLessThan(text.length / 4);
      }
      client.socket.destroy();
      await plain.close();
    },
  );

  it('takes a message that is compressed and in fragments, the bit being on the first alone (6.1)', async () => {
    const client = await open();
    const bytes = deflated(REQUEST);
    client.send(bytes.subarray(0, 3), { rsv: RSV1, fin: false });
    client.send('', { opcode: OPCODE.ping });
    client.send(bytes.subarray(3), { opcode: OPCODE.continuation });
    await client.next(OPCODE.pong);
    const { rsv, payload } = await client.next(OPCODE.text);
    expect(rsv === RSV1 ? inflated(payload) : payload.toString()).toContain('"ask"');
    client.socket.destroy();
  });

  it.each([
    [
      'on a continuation',
      [frame('{', { fin: false }), frame('}', { opcode: OPCODE.continuation, rsv: RSV1 })],
    ],
    ['on a ping', [frame('', { opcode: OPCODE.ping, rsv: RSV1 })]],
    ['beside another one', [frame(deflated(REQUEST), { rsv: RSV1 | 2 })]],
  ])('closes with 1002 for the bit %s (6)', async (_, frames) => {
    const client = await open();
    client.write(Buffer.concat(frames));
    await expect(client.close()).resolves.toMatchObject({ code: 1002 });
  });

  it('closes for what is no deflate, and for text that is not UTF-8 once inflated', async () => {
    const client = await open();
    client.send(Buffer.of(0xff, 0xff, 0xff), { rsv: RSV1 });
    const { code } = await client.close();
    expect([1002, 1007]).toContain(code);
    const other = await open();
    other.send(deflated(Buffer.of(0x22, 0xc3, 0x28, 0x22)), { rsv: RSV1 });
    await expect(other.close()).resolves.toMatchObject({ code: 1007 });
  });

  it('closes with 1009 for 64 MiB in 65 KB, and holds none of it (T14)', async () => {
    const bomb = deflated(Buffer.alloc(64 * MIB));
    const client = await open();
    const before = await service.memory();
    client.send(bomb.subarray(0, 65_000), { rsv: RSV1 });
    await expect(client.close()).resolves.toMatchObject({ code: 1009 });
    expect((await service.memory()) - before).toBeLessThan(30 * MIB);
  });
});

describe('RFC 7692 with COMPRESSION=off', () => {
  const service = target();
  let client: WireClient;

  beforeEach(async () => {
    client = await service.open({ extensions: 'permessage-deflate' });
  });

  it('is declined, and the bit closes with 1002 (T14)', async () => {
    expect(negotiated(client)).toBeUndefined();
    client.send(deflated(REQUEST), { rsv: RSV1 });
    await expect(client.close()).resolves.toMatchObject({ code: 1002 });
  });
});

describe('frames that are small until they are inflated (T14)', () => {
  const service = target({ COMPRESSION: 'on', RATE_FRAMES_PER_S: '10' });

  it('count for the rate by what they inflate to', async () => {
    const extensions = 'permessage-deflate; server_no_context_takeover';
    const whole = JSON.stringify({ event: 'auth.whoami', id: 'x'.repeat(60_000) });
    const small = deflated(whole);
    expect(small.length).toBeLessThan(300);
    const client = await service.open({ extensions });
    // 60 kB count for 8 frames: of a burst of 20, two fit.
    for (let n = 0; n < 4; n++) client.send(small, { rsv: RSV1 });
    client.send(REQUEST.replace('ask', 'last'));
    const codes: string[] = [];
    for (let n = 0; n < 4; n++) {
      const { rsv, payload } = await client.next(OPCODE.text);
      const text = rsv === RSV1 ? inflated(payload) : payload.toString();
      codes.push(text.includes('RATE_LIMITED') ? 'limited' : 'answered');
    }
    expect(codes.toSorted()).toEqual(['answered', 'answered', 'limited', 'limited']);
    client.socket.destroy();
  });
});
