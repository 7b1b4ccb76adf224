import { encode } from '@msgpack/msgpack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, TestClient, TestTarget } from 'parley/testing';
import {
  codeOf,
  createRoom,
  expectShape,
  failure,
  fresh,
  ISO_TIME,
  pathsOf,
  say,
  serve,
  type Service,
} from './contract.js';

/** A text of a frame whose innermost container is the `depth`-th, the frame itself being the first. */
function nested(depth: number, event = 'auth.whoami'): string {
  const containers = depth - 1;
  return `{"event":"${event}","id":"deep","data":${'{"a":'.repeat(containers - 1)}{}${'}'.repeat(containers - 1)}}`;
}

const SUBPROTOCOLS = ['chat', 'superchat'] as const;

/** A frame that is written as JSON, as a message of the subprotocol. */
function messageOf(json: string, subprotocol: (typeof SUBPROTOCOLS)[number]): string | Buffer {
  return subprotocol === 'chat' ? json : Buffer.from(encode([JSON.parse(json)]));
}

describe.each(SUBPROTOCOLS)('frames of %s', (subprotocol) => {
  let service: Service;
  let target: TestTarget;
  let client: TestClient;

  beforeAll(async () => {
    service = await serve({ MAX_FRAME_BYTES: '4096', HEARTBEAT_MS: '500' });
    target = service.process;
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    client = await target.connect('ann', { subprotocol });
  });
  afterEach(() => client.terminate());

  it('begin with ready', async () => {
    const other = await target.open({
      subprotocols: [subprotocol],
      headers: { authorization: `Bearer ${(await target.user('ann')).accessToken}` },
    });
    const frame = await other.nextFrame('ready');
    expect(Object.keys(frame)).toEqual(['event', 'data']);
    expect(other.waiting()).toEqual([]);
    expectShape(frame.data, 'ready');
    expectShape(frame.data['user'], 'user');
    expect(frame.data).toMatchObject({
      protocol: '1.0',
      features: expect.any(Array),
      epoch: expect.any(String),
      connectionId: expect.any(String),
      sessionId: client.ready['sessionId'],
      user: { username: 'ann', deletedAt: null },
      subprotocol,
      heartbeatMs: 500,
      maxFrameBytes: 4096,
      serverTime: expect.stringMatching(ISO_TIME),
      tokenExpiresAt: expect.stringMatching(ISO_TIME),
    });
    expect(frame.data['connectionId']).not.toBe(client.ready['connectionId']);
    await other.close();
  });

  it('are answered with the event and the id, which only a request with one gets back', async () => {
    for (const id of ['a', '', 0, -1.5, 2 ** 53, '𝄞'.repeat(40)]) {
      client.send({ event: 'auth.whoami', id, data: {} });
      const reply = await client.nextFrame('auth.whoami');
      expect(Object.keys(reply).toSorted()).toEqual(['data', 'event', 'id']);
      expect(reply.id).toBe(id);
    }
    client.send({ event: 'auth.whoami' });
    expect(Object.keys(await client.nextFrame('auth.whoami')).toSorted()).toEqual(['data', 'event']);
    client.send({ event: 'no.such' });
    expect(Object.keys(await client.nextFrame('exception')).toSorted()).toEqual(['data', 'event']);
  });

  it.each([
    '[]',
    '"text"',
    'null',
    '7',
    '{"data":{}}',
    '{"event":7}',
    '{"event":null}',
    '{"event":"auth.whoami","id":null}',
    '{"event":"auth.whoami","id":true}',
    '{"event":"auth.whoami","id":{}}',
    '{"event":"auth.whoami","id":["a"]}',
    '{"event":"auth.whoami","__proto__":{}}',
    '{"event":"auth.whoami","data":{"__proto__":{}}}',
    '{"event":"auth.whoami","data":{"a":{"constructor":1}}}',
    '{"event":"auth.whoami","data":{"a":[{"prototype":1}]}}',
    '{"event":"auth.whoami","data":{"\\u005f_proto__":1}}',
    nested(9),
    `{"event":"auth.whoami","data":{"a":${'['.repeat(7)}${']'.repeat(7)}}}`,
  ])('that are bad are answered BAD_FRAME: %s', async (text) => {
    client.send(messageOf(text, subprotocol));
    const { data } = await client.nextFrame('exception');
    expect(data).toEqual({ status: 'error', code: 'BAD_FRAME', message: expect.any(String) });
    await client.expectSilence();
  });

  it('may nest eight deep, and hold the forbidden words as values', async () => {
    client.send(messageOf(nested(8), subprotocol));
    const { data, id } = await client.nextFrame('exception');
    expect(id).toBe('deep');
    expect(data).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path: 'a' }] });
    const room = await createRoom(client, { kind: 'group' });
    const meta = { a: { b: { c: { d: { e: {} } } } }, value: '__proto__' };
    expect(await say(client, room['id'], 'constructor', { meta })).toMatchObject({ meta });
  });

  it.each(['no.such', 'auth', 'room.', 'ready', 'room.event', 'toString', 'exception'])(
    'of an unknown event are answered UNKNOWN_EVENT: %j',
    async (event) => {
      client.send({ event, id: 'u', data: {} });
      const frame = await client.nextFrame('exception');
      expect(frame).toMatchObject({ id: 'u', data: { status: 'error', code: 'UNKNOWN_EVENT' } });
      expect(frame.data).not.toHaveProperty('details');
    },
  );

  it.each([null, [], 'text', 7, true])('whose data is %j are answered VALIDATION_FAILED', async (data) => {
    client.send({ event: 'room.get', id: 'v', data });
    await expect(client.nextFrame('exception')).resolves.toMatchObject({
      id: 'v',
      data: { code: 'VALIDATION_FAILED', details: expect.any(Array) },
    });
  });

  it('with unknown properties are refused, and nothing of the data is echoed', async () => {
    const secret = 'sesame-opens';
    expect(await pathsOf(client, 'auth.whoami', { extra: 1 })).toEqual(['extra']);
    const refused = await failure(client, 'room.get', { roomId: secret, extra: secret });
    expect(JSON.stringify(refused)).not.toContain(secret);
    const missing = await failure(client, 'room.get', { roomId: secret });
    expect(missing).toMatchObject({ code: 'NOT_FOUND' });
    expect(JSON.stringify(missing)).not.toContain(secret);
    client.send(subprotocol === 'chat' ? `{"event": ${secret}` : Buffer.from(secret));
    expect(JSON.stringify(await client.nextFrame('exception'))).not.toContain(secret);
  });

  it('close with 4400 at the tenth bad one within ten seconds, and not for other failures', async () => {
    for (let i = 0; i < 30; i++) await codeOf(client, 'no.such');
    for (let i = 0; i < 9; i++) client.send(messageOf('"bad"', subprotocol));
    await client.request('auth.whoami');
    client.send(messageOf('"bad"', subprotocol));
    await expect(client.closed).resolves.toMatchObject({ code: 4400 });
  });

  it('close with 1003 for the other kind of message, 1007 for invalid UTF-8, 1002 for a protocol error', async () => {
    const frame = '{"event":"auth.whoami"}';
    client.send(subprotocol === 'chat' ? Buffer.from(frame) : frame);
    await expect(client.closed).resolves.toMatchObject({ code: 1003 });
    const second = await target.connect('ann', { subprotocol });
    second.ws.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { binary: false });
    await expect(second.closed).resolves.toMatchObject({ code: 1007 });
    const third = await target.connect('ann', { subprotocol });
    socketOf(third).write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]));
    await expect(third.closed).resolves.toMatchObject({ code: 1002 });
  });

  it('may be as large as MAX_FRAME_BYTES, and close with 1009 beyond', async () => {
    const sized = (bytes: number): string | Buffer => {
      const padded = (id: string) => messageOf(JSON.stringify({ event: 'auth.whoami', id }), subprotocol);
      return padded('x'.repeat(bytes - padded('x'.repeat(1000)).length + 1000));
    };
    client.send(sized(4096));
    await client.nextFrame('auth.whoami');
    client.send(sized(4097));
    await expect(client.closed).resolves.toMatchObject({ code: 1009 });
  });

  it('may come in fragments, and close with 1008 for too many', async () => {
    const binary = subprotocol === 'superchat';
    const message = Buffer.from(messageOf('{"event":"auth.whoami"}', subprotocol));
    for (const byte of message.subarray(0, -1)) client.ws.send(Buffer.of(byte), { fin: false, binary });
    client.ws.send(message.subarray(-1), { fin: true, binary });
    await client.nextFrame('auth.whoami');
    const fragment = Buffer.from([0x00, 0x80, 0, 0, 0, 0]);
    socketOf(client).write(
      Buffer.concat([
        Buffer.from([0x01, 0x80, 0, 0, 0, 0]),
        ...Array.from({ length: 20_000 }, () => fragment),
      ]),
    );
    await expect(client.closed).resolves.toMatchObject({ code: 1008 });
  });

  it('are pinged for in both directions', async () => {
    const ping = new Promise((resolve) => client.ws.once('ping', resolve));
    const pong = new Promise<string>((resolve) => client.ws.once('pong', (data) => resolve(data.toString())));
    client.ws.ping('are you there');
    await expect(pong).resolves.toBe('are you there');
    await ping;
  });

  it('are answered in their order, each once, reads after the writes before them', async () => {
    const room = await createRoom(client, { kind: 'group' });
    const roomId = String(room['id']);
    const order: string[] = [];
    const requests: Promise<unknown>[] = [];
    const ask = (name: string, event: string, data: object): Promise<Json> => {
      const answer = client.request(event, data);
      requests.push(answer.then(() => order.push(name)));
      return answer;
    };
    const reads: Promise<Json>[] = [];
    for (let i = 1; i <= 40; i++) {
      void ask(`send ${i}`, 'message.send', { roomId, text: `${i}`, clientId: fresh() });
      if (i % 10 === 0) reads.push(ask(`read ${i}`, 'message.history', { roomId, limit: 1 }));
    }
    await Promise.all(requests);
    const sends = order.filter((name) => name.startsWith('send'));
    expect(sends).toEqual(Array.from({ length: 40 }, (_, i) => `send ${i + 1}`));
    const read = await Promise.all(reads);
    expect(read.map((answer) => answer['messages'][0].text)).toEqual(['10', '20', '30', '40']);
    expect(client.waiting('exception')).toEqual([]);
  });
});

describe('frames of chat alone', () => {
  let service: Service;
  let target: TestTarget;
  let client: TestClient;

  beforeAll(async () => {
    service = await serve({ HEARTBEAT_MS: '500' });
    target = service.process;
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    client = await target.connect('ann');
  });
  afterEach(() => client.terminate());

  it.each(['nothing', '', '{"event":"auth.whoami"', '{"event":"auth.whoami"}{}'])(
    'are answered BAD_FRAME when they are no JSON: %s',
    async (text) => {
      client.send(text);
      const { data } = await client.nextFrame('exception');
      expect(data).toEqual({ status: 'error', code: 'BAD_FRAME', message: expect.any(String) });
      await client.expectSilence();
    },
  );

  it('that stop altogether end the connection with 4408 (T08)', async () => {
    const mute = await target.connect('ann');
    mute.ws.pause();
    const started = Date.now();
    const wait = new Promise((resolve) => setTimeout(resolve, 11_800));
    await wait;
    mute.ws.resume();
    const { code } = await mute.closed;
    expect([4408, 1006]).toContain(code);
    expect(Date.now() - started).toBeGreaterThan(10_000);
    await expect(client.request('auth.whoami')).resolves.toBeDefined();
  });
});

/** The TCP socket, for bytes that `ws` does not write. */
function socketOf(client: TestClient): { write(bytes: Buffer): void } {
  return (client.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
}
