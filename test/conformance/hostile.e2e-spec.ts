import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../src/testing/index.js';
import { createRoom } from './contract.js';

const HOUR_MS = 3_600_000;
const LARGEST_FRAME = 65_536;

describe('what a hostile client sends', () => {
  let clock: ManualClock;
  let server: TestServer;
  let eve: TestClient;
  let ann: TestClient;
  let roomId: string;

  beforeAll(async () => {
    clock = new ManualClock();
    server = await startServer({ clock });
    eve = await server.connect('eve');
    ann = await server.connect('ann');
    const { id } = await server.user('ann');
    const room = await createRoom(eve, { kind: 'group', memberIds: [id] });
    roomId = room['id'] as string;
  });
  afterAll(() => server.close());

  const history = async (): Promise<Json[]> => {
    const { messages } = await ann.request('message.history', { roomId });
    return messages as Json[];
  };
  const send = (more: object, clientId = 'a hostile one'): Promise<Json> =>
    eve.request('message.send', { roomId, text: 'hello', clientId, ...more });

  it.each([
    ['senderId', 'somebody'],
    ['from', 'somebody'],
    ['actorId', null],
    ['seq', 1],
    ['id', 'a message'],
    ['at', '2001-01-01T00:00:00.000Z'],
    ['createdAt', '2001-01-01T00:00:00.000Z'],
    ['ts', 0],
    ['editedAt', null],
    ['reactions', []],
  ])('is not believed of itself: %s (T37)', async (property, value) => {
    const before = await history();
    await expect(send({ [property]: value })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [expect.objectContaining({ path: property })],
    });
    expect(await history()).toEqual(before);
  });

  it('is marked with who sent it and when, by the service (T37)', async () => {
    const { message } = await send({}, 'an honest one');
    const { id } = await server.user('eve');
    expect(message).toMatchObject({ senderId: id, createdAt: new Date(clock.now()).toISOString() });
  });

  it.each([
    ['brackets', '['.repeat(LARGEST_FRAME)],
    ['brackets that close', `${'['.repeat(LARGEST_FRAME / 2)}${']'.repeat(LARGEST_FRAME / 2)}`],
    ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['a frame full of brackets', `{"event":"auth.whoami","data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
  ])('may be as deep as a frame holds: %s (T23)', async (_, text) => {
    const client = await server.connect('mallory');
    client.send(text);
    await expect(client.next('exception')).resolves.toMatchObject({ code: 'BAD_FRAME' });
    await expect(client.request('auth.whoami')).resolves.toBeDefined();
    await client.close();
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'pollutes nothing by %s at any depth (T22)',
    async (key) => {
      const polluting = `{"${key}":{"polluted":true}}`;
      for (const data of [polluting, `{"meta":${polluting}}`, `{"a":{"b":[${polluting}]}}`]) {
        eve.send(`{"event":"message.send","data":${data}}`);
        await expect(eve.next('exception')).resolves.toMatchObject({ code: 'BAD_FRAME' });
      }
      expect(({} as Json)['polluted']).toBeUndefined();
    },
  );

  it.each(["' OR 1=1 --", '"; DROP TABLE messages; --', '%', '_', '\\', "'||(select 1)||'", '* NEAR("a")'])(
    'is text to the store: %j (T21)',
    async (text) => {
      const { message } = await send({ text }, `a text of ${Buffer.from(text).toString('hex')}`);
      expect(message.text).toBe(text);
      await expect(eve.request('user.find', { query: text })).resolves.toMatchObject({ users: [] });
      await expect(eve.request('room.discover', { query: text })).resolves.toMatchObject({ rooms: [] });
      await expect(eve.request('room.get', { roomId: text })).rejects.toMatchObject({
        code: expect.stringMatching(/^(NOT_FOUND|VALIDATION_FAILED)$/),
      });
    },
  );

  it.each([
    ['forwards', HOUR_MS],
    ['backwards', -2 * HOUR_MS],
  ])('outlives a wall clock that jumps %s, in its order (T49)', async (_, ms) => {
    const client = await server.connect('walter');
    const before = await history();
    clock.jump(ms);
    await clock.advance(1000);
    await expect(client.request('auth.whoami')).resolves.toBeDefined();
    const { message } = await send({}, `after a jump of ${ms}`);
    expect(message.seq).toBeGreaterThan(Math.max(...before.map(({ seq }) => seq as number)));
    await expect(send({}, `after a jump of ${ms}`)).resolves.toMatchObject({ message: { seq: message.seq } });
    clock.jump(-ms);
    await client.close();
  });

  it('leaves no trace of a fault in the log', () => {
    expect(server.logs.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  });
});
