import { decode, encode } from '@msgpack/msgpack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, ReceivedFrame, TestClient, TestTarget } from 'parley/testing';
import { createRoom, fresh, ISO_TIME, serve, type Service } from './contract.js';

const BAD = { event: 'exception', data: { status: 'error', code: 'BAD_FRAME', message: expect.any(String) } };

/** Frames that the service sends in answer to one message, and the messages that they came in. */
async function exchange(client: TestClient, message: Uint8Array, frames: number): Promise<ReceivedFrame[][]> {
  const messages: ReceivedFrame[][] = [];
  const all = new Promise<void>((resolve) => {
    client.ws.on('message', (data: Buffer) => {
      messages.push(decode(data) as ReceivedFrame[]);
      if (messages.flat().length >= frames) resolve();
    });
  });
  client.ws.send(message);
  await all;
  client.ws.removeAllListeners('message');
  return messages;
}

describe('superchat', () => {
  let service: Service;
  let target: TestTarget;
  let client: TestClient;

  beforeAll(async () => {
    service = await serve();
    target = service.process;
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    client = await target.connect('ann', { subprotocol: 'superchat' });
  });
  afterEach(() => client.terminate());

  it('is selected when it is offered first, and chat when that is', async () => {
    const chosen = async (...subprotocols: string[]): Promise<string> => {
      const other = await target.connect('ann', { subprotocols });
      expect(other.ready['subprotocol']).toBe(other.ws.protocol);
      await other.terminate();
      return other.ws.protocol;
    };
    expect(await chosen('superchat')).toBe('superchat');
    expect(await chosen('superchat', 'chat')).toBe('superchat');
    expect(await chosen('chat', 'superchat')).toBe('chat');
    expect(await chosen('unknown', 'superchat')).toBe('superchat');
  });

  it('takes many frames in one message, and answers those of one turn in one', async () => {
    const frames = Array.from({ length: 40 }, (_, id) => ({ event: 'no.such', id }));
    const messages = await exchange(client, encode(frames), 40);
    expect(messages.flat().map(({ id }) => id)).toEqual(frames.map(({ id }) => id));
    expect(messages.length).toBeLessThan(10);
  });

  it('starts the frames of a message in their order', async () => {
    const room = await createRoom(client, { kind: 'group' });
    const sends = Array.from({ length: 30 }, (_, at) => ({
      event: 'message.send',
      id: at,
      data: { roomId: room['id'], text: `${at}`, clientId: fresh() },
    }));
    const read = { event: 'message.history', id: 'read', data: { roomId: room['id'], limit: 30 } };
    client.ws.send(encode([...sends, read]));
    const { messages } = await client.next('message.history');
    expect(messages.map(({ text }: Json) => text)).toEqual(sends.map(({ data }) => data.text));
  });

  it('has one BAD_FRAME for each element that is no frame, and handles the others', async () => {
    const elements = [{ event: 'no.such', id: 1 }, 7, ['a'], { id: 2 }, { event: 'no.such', id: 3 }];
    const answers = (await exchange(client, encode(elements), 5)).flat();
    expect(answers.map(({ id, data }) => [id, data['code']])).toEqual([
      [1, 'UNKNOWN_EVENT'],
      [undefined, 'BAD_FRAME'],
      [undefined, 'BAD_FRAME'],
      [2, 'BAD_FRAME'],
      [3, 'UNKNOWN_EVENT'],
    ]);
  });

  it.each([
    ['nothing', []],
    ['no array', [0x80]],
    ['an empty array', [0x90]],
    ['an array that breaks off', [0x92, 0x80]],
    ['something behind the array', [0x91, 0x80, 0x80]],
    ['a length that lies', [0x91, 0xdf, 0xff, 0xff, 0xff, 0xff]],
  ])('answers one BAD_FRAME for %s', async (_, bytes) => {
    client.send(Buffer.from(bytes));
    await expect(client.nextFrame('exception')).resolves.toEqual(BAD);
    await client.expectSilence();
  });

  it('handles nothing of a message that breaks off', async () => {
    const room = await createRoom(client, { kind: 'group' });
    const data = { roomId: room['id'], text: 'lost', clientId: fresh() };
    const whole = encode([{ event: 'message.send', data }, { event: 'auth.whoami' }]);
    client.send(Buffer.from(whole.subarray(0, -1)));
    await expect(client.nextFrame('exception')).resolves.toEqual(BAD);
    const { head } = await client.request('message.history', { roomId: room['id'] });
    expect(head).toBe(room['head']);
  });

  it('refuses what JSON does not have', async () => {
    for (const value of [new Uint8Array(2), new Date(), 2n ** 63n - 1n, Number.NaN]) {
      client.send(Buffer.from(encode([{ event: 'auth.whoami', data: { value } }], { useBigInt64: true })));
      await expect(client.nextFrame('exception')).resolves.toEqual(BAD);
    }
  });

  it('tells the same events as chat, times as text', async () => {
    const plain = await target.connect('ann', { subprotocol: 'chat' });
    const room = await createRoom(client, { kind: 'group' });
    await client.request('message.send', { roomId: room['id'], text: 'tea — 茶', clientId: fresh() });
    const isTea = (event: Json) => event['message']?.text === 'tea — 茶';
    const [here, there] = [await client.next('room.event', isTea), await plain.next('room.event', isTea)];
    expect(here).toEqual(there);
    expect(here['at']).toMatch(ISO_TIME);
    await plain.close();
  });
});
