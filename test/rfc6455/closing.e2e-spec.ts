import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestClient } from 'parley/testing';
import { closing, frame, OPCODE } from './frame.js';
import { target } from './target.js';
import { handshakeOf, type WireClient } from './wire-client.js';

const REQUEST = '{"event":"auth.whoami","id":"ask"}';

describe('RFC 6455 closing', () => {
  const service = target();
  let client: WireClient;

  beforeEach(async () => {
    client = await service.open();
  });

  const sendClose = (payload: Buffer): void => client.send(payload, { opcode: OPCODE.close });

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'is answered with the same code %i (5.5.1, 7.4)',
    async (code) => {
      sendClose(closing(code, 'bye'));
      await expect(client.ended).resolves.toMatchObject({ code });
    },
  );

  it('is answered with no code when there was none (7.1.5)', async () => {
    sendClose(Buffer.alloc(0));
    await expect(client.ended).resolves.toEqual({ code: 1005, reason: '' });
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])(
    'is a protocol error with code %i (7.4)',
    async (code) => {
      sendClose(closing(code));
      await expect(client.close()).resolves.toMatchObject({ code: 1002 });
    },
  );

  it('is a protocol error with half a code (5.5.1)', async () => {
    sendClose(Buffer.of(3));
    await expect(client.close()).resolves.toMatchObject({ code: 1002 });
  });

  it('is 1007 when its reason is not UTF-8 (7.1.6)', async () => {
    sendClose(closing(1000, Buffer.of(0xc3, 0x28)));
    await expect(client.close()).resolves.toMatchObject({ code: 1007 });
  });

  it('takes a reason of 123 bytes', async () => {
    sendClose(closing(1000, 'é'.repeat(61) + 'e'));
    await expect(client.ended).resolves.toMatchObject({ code: 1000 });
  });

  it('is the end: what follows a close frame is not handled (5.5.1)', async () => {
    const bystander = await service.service.connect('other');
    const { room } = await bystander.request('room.create', { kind: 'channel', name: 'after close' });
    const request = { event: 'room.join', data: { roomId: room.id } };
    client.write(
      Buffer.concat([frame(closing(1000), { opcode: OPCODE.close }), frame(JSON.stringify(request))]),
    );
    await expect(client.ended).resolves.toMatchObject({ code: 1000 });
    expect(client.frames.map(({ opcode }) => opcode)).toEqual([OPCODE.close]);
    await expect(memberCount(bystander, room.id)).resolves.toBe(1);
    await bystander.close();
  });

  it('begun by the server ends TCP when it is answered (7.1.1)', async () => {
    const leaving = await service.open({}, 'leaving');
    leaving.send(JSON.stringify({ event: 'auth.logout', id: 'out' }));
    expect(await leaving.answer()).toMatchObject({ id: 'out' });
    await expect(leaving.close()).resolves.toEqual({ code: 1000, reason: '' });
  });

  it('begun by the server ends TCP though nobody answers', async () => {
    client.send(REQUEST, { rsv: 1 });
    await expect(client.ended).resolves.toMatchObject({ code: 1002 });
  });

  it('begun by both at once ends', async () => {
    client.write(Buffer.concat([frame(REQUEST, { rsv: 1 }), frame(closing(1000), { opcode: OPCODE.close })]));
    await expect(client.ended).resolves.toMatchObject({ code: 1002 });
  });

  it('comes when a peer has closed its half of TCP', async () => {
    client.socket.end();
    await expect(client.ended).resolves.toMatchObject({ code: null });
    const half = await service.open();
    half.send('{"event":"auth', { fin: false });
    half.socket.end();
    await half.ended;
  });
});

describe('a reset of TCP (T05)', () => {
  const service = target();

  const steps: readonly (readonly [string, (client: WireClient) => void])[] = [
    ['before any frame', () => undefined],
    ['in a header', (client) => client.write(frame(REQUEST).subarray(0, 1))],
    ['in a mask', (client) => client.write(frame(REQUEST).subarray(0, 4))],
    ['in a payload', (client) => client.write(frame(REQUEST).subarray(0, 12))],
    ['in a message', (client) => client.send('{', { fin: false })],
    ['after a request', (client) => client.send(REQUEST)],
    ['after a protocol error', (client) => client.send(REQUEST, { rsv: 7 })],
    ['after a ping', (client) => client.send('x', { opcode: OPCODE.ping })],
    ['after a close', (client) => client.send(closing(1000), { opcode: OPCODE.close })],
  ];

  it.each(steps)('harms nobody %s', async (_, act) => {
    for (let n = 0; n < 10; n++) {
      const client = await service.open();
      act(client);
      if (n % 2 === 0) await new Promise(setImmediate);
      client.socket.resetAndDestroy();
      await expect(client.ended).resolves.toBeDefined();
    }
  });

  it('harms nobody at any byte of the handshake', async () => {
    const { accessToken: token } = await service.service.user('raw');
    const bytes = handshakeOf(service.service.url, { token });
    for (let length = 0; length <= bytes.length; length += 23) {
      const socket = connect(Number(new URL(service.service.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes.slice(0, length));
      await delay(1);
      socket.resetAndDestroy();
    }
    const client = await service.open();
    await expect(client.ask('auth.whoami')).resolves.toMatchObject({ id: 'ask' });
    client.socket.destroy();
  });
});

async function memberCount(client: TestClient, roomId: unknown): Promise<unknown> {
  const { room } = await client.request('room.get', { roomId });
  return room.memberCount;
}
