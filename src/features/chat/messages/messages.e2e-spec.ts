import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let eve: TestClient;
let bobId: string;
let roomId: string;
let lastId = 0;

beforeAll(async () => {
  server = await startServer({ env: { MAX_ANSWER_BYTES: '16384' } });
  [ann, bob, eve] = await Promise.all([server.connect('ann'), server.connect('bob'), server.connect('eve')]);
  bobId = (await server.user('bob')).id;
});

afterAll(async () => server.close());

/** A group of ann and bob, whose head is 2. */
beforeEach(async () => {
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  roomId = room.id;
});

const clientId = (): string => `client-${++lastId}`;

async function send(values: object = {}, client: TestClient = ann): Promise<Json> {
  const { message } = await client.request('message.send', {
    roomId,
    text: 'hello',
    clientId: clientId(),
    ...values,
  });
  return message as Json;
}

async function sendMany(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, async (_, index) => send({ text: `message ${index}` })));
}

async function failure(request: Promise<unknown>): Promise<unknown> {
  const error = await request.then(
    () => 'no failure',
    (reason: { code: string; details: { path: string }[] }) => reason,
  );
  if (typeof error === 'string') return error;
  return error.details.length === 0 ? error.code : [error.code, ...error.details.map(({ path }) => path)];
}

describe('message.send', () => {
  it('stores the message and pushes it to every member', async () => {
    const meta = { tags: ['a', 1, null, { deep: true }], toString: 'kept' };
    const message = await send({ text: 'Grüße,\n\t🌳', meta });
    expect(message).toMatchObject({
      roomId,
      seq: 3,
      text: 'Grüße,\n\t🌳',
      meta,
      mentions: [],
      replyTo: null,
    });
    for (const client of [ann, bob]) {
      const event = await client.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === 3);
      expect(event).toMatchObject({ type: 'message', actorId: message['senderId'], message });
    }
    await expect(bob.request('message.get', { roomId, seq: 3 })).resolves.toEqual({ message, head: 3 });
  });

  it('returns the first message for a repeated clientId, whatever meta it has', async () => {
    const sending = { roomId, text: 'once', clientId: clientId(), meta: { try: 1 } };
    const first = await ann.request('message.send', sending);
    const again = await ann.request('message.send', { ...sending, meta: { try: 2 } });
    expect(first['duplicate']).toBe(false);
    expect(again).toEqual({ ...first, duplicate: true });
  });

  it.each([[{ text: 'other' }], [{ replyTo: 3 }], [{ threadSeq: 3 }]])(
    'refuses a repeated clientId with %j',
    async (values) => {
      await send();
      const sending = { roomId, text: 'once', clientId: clientId() };
      await ann.request('message.send', sending);
      expect(await failure(ann.request('message.send', { ...sending, ...values }))).toBe('CONFLICT');
    },
  );

  it('answers many sends of one connection in their order', async () => {
    const seqs = await Promise.all(Array.from({ length: 40 }, async () => (await send())['seq']));
    expect(seqs).toEqual(Array.from({ length: 40 }, (_, index) => index + 3));
  });

  it('keeps a thread beside the room', async () => {
    const root = await send();
    const reply = await send({ threadSeq: root['seq'], replyTo: root['seq'] }, bob);
    expect(reply).toMatchObject({ threadSeq: 3, replyTo: 3 });
    const { message } = await ann.request('message.get', { roomId, seq: 3 });
    expect(message).toMatchObject({ replyCount: 1 });
    await expect(ann.request('room.get', { roomId })).resolves.toMatchObject({
      room: { head: 4, unread: 0 },
    });
    const thread = await ann.request('message.history', { roomId, threadSeq: 3 });
    expect(thread['messages']).toEqual([reply]);
  });

  it.each<[object, string]>([
    [{ replyTo: 1 }, 'replyTo'],
    [{ replyTo: 99 }, 'replyTo'],
    [{ threadSeq: 2 }, 'threadSeq'],
    [{ threadSeq: 99 }, 'threadSeq'],
  ])('refuses %j, which names no message', async (values, path) => {
    expect(await failure(send(values))).toEqual(['VALIDATION_FAILED', path]);
  });

  it('refuses a thread within a thread', async () => {
    const root = await send();
    const reply = await send({ threadSeq: root['seq'] });
    expect(await failure(send({ threadSeq: reply['seq'] }))).toEqual(['VALIDATION_FAILED', 'threadSeq']);
  });

  it('mentions members that the text names', async () => {
    const text = '@bob, and @BOB. (@bob) but not mail@bob or @eve or @nobody';
    expect(await send({ text })).toMatchObject({ mentions: [bobId] });
    await expect(bob.request('room.get', { roomId })).resolves.toMatchObject({
      room: { mentions: 1, unread: 1 },
    });
    expect(await send({ text: 'write to bob@example.com' })).toMatchObject({ mentions: [] });
  });

  it('is for members only', async () => {
    expect(await failure(send({}, eve))).toBe('NOT_FOUND');
    const { room } = await ann.request('room.create', { kind: 'channel' });
    expect(await failure(send({ roomId: room.id }, eve))).toBe('FORBIDDEN');
    expect(await failure(send({ roomId: 'nowhere' }, eve))).toBe('NOT_FOUND');
  });

  it('finds the message of one who has left since', async () => {
    const sending = { roomId, text: 'bye', clientId: clientId() };
    const { message } = await bob.request('message.send', sending);
    await bob.request('room.leave', { roomId });
    await expect(bob.request('message.send', sending)).resolves.toEqual({ message, duplicate: true });
    expect(await failure(send({}, bob))).toBe('NOT_FOUND');
  });

  it.each<[string, object, string]>([
    ['no text', { text: undefined }, 'text'],
    ['an empty text', { text: '' }, 'text'],
    ['a text of 8001 characters', { text: '🌳'.repeat(8001) }, 'text'],
    ['a control character', { text: 'a\u0007b' }, 'text'],
    ['U+0000', { text: 'a\u0000b' }, 'text'],
    ['U+0085', { text: 'a\u0085b' }, 'text'],
    ['a lone surrogate', { text: 'a\udc00b' }, 'text'],
    ['a text that is no text', { text: ['a'] }, 'text'],
    ['no clientId', { clientId: undefined }, 'clientId'],
    ['a short clientId', { clientId: 'short' }, 'clientId'],
    ['a long clientId', { clientId: 'x'.repeat(65) }, 'clientId'],
    ['a replyTo of 0', { replyTo: 0 }, 'replyTo'],
    ['a replyTo that is no whole number', { replyTo: 1.5 }, 'replyTo'],
    ['a replyTo of null', { replyTo: null }, 'replyTo'],
    ['a threadSeq that is text', { threadSeq: '3' }, 'threadSeq'],
    ['attachments', { attachmentIds: ['x'] }, 'attachmentIds'],
    ['a meta that is a list', { meta: [1] }, 'meta'],
    ['a meta of null', { meta: null }, 'meta'],
    ['a meta of more than 4 KiB', { meta: { x: 'y'.repeat(4096) } }, 'meta'],
    ['U+0000 in meta', { meta: { deep: ['a\u0000'] } }, 'meta'],
    ['U+0000 in a key of meta', { meta: { 'a\u0000': 1 } }, 'meta'],
    ['a lone surrogate in meta', { meta: { x: '\ud800' } }, 'meta'],
    ['an unknown property', { from: 'eve' }, 'from'],
  ])('refuses %s', async (_, values, path) => {
    const outcome = await failure(send(values));
    expect([outcome].flat().slice(0, 2)).toEqual(['VALIDATION_FAILED', path]);
  });

  it('refuses a number in meta that JSON cannot give back', async () => {
    ann.send(
      `{"event":"message.send","id":"big","data":{"roomId":"${roomId}","text":"x","clientId":"${clientId()}","meta":{"n":1e999}}}`,
    );
    const { data } = await ann.nextFrame('exception');
    expect(data).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path: 'meta' }] });
  });

  it('takes 8000 characters that are two code units each', async () => {
    const text = '🌳'.repeat(8000);
    expect(await send({ text })).toMatchObject({ text });
  });
});

describe('message.history', () => {
  const seqsOf = ({ messages }: Json): number[] => (messages as Json[]).map(({ seq }) => Number(seq));

  /** Messages 3 to 12. */
  beforeEach(async () => sendMany(10));

  it.each<[object, number[], boolean]>([
    [{}, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12], false],
    [{ limit: 3 }, [10, 11, 12], true],
    [{ before: 6 }, [3, 4, 5], false],
    [{ before: 6, limit: 2 }, [4, 5], true],
    [{ before: 3 }, [], false],
    [{ after: 10 }, [11, 12], false],
    [{ after: 4, limit: 2 }, [5, 6], true],
    [{ after: 12 }, [], false],
    [{ after: 1, limit: 1 }, [3], true],
    [{ around: 7, limit: 3 }, [6, 7, 8], true],
    [{ around: 7, limit: 4 }, [5, 6, 7, 8], true],
    [{ around: 7, limit: 1 }, [7], true],
    [{ around: 3, limit: 5 }, [3, 4, 5], true],
    [{ around: 99, limit: 3 }, [11, 12], true],
    [{ around: 7, limit: 100 }, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12], false],
    [{ threadSeq: 3 }, [], false],
  ])('gives for %j the messages %j', async (request, seqs, hasMore) => {
    const page = await bob.request('message.history', { roomId, ...request });
    expect([seqsOf(page), page['hasMore'], page['head']]).toEqual([seqs, hasMore, 12]);
  });

  it('ends at the largest answer, nearest to what was asked for', async () => {
    for (let count = 0; count < 4; count += 1) await send({ text: '☃'.repeat(2000) });
    const newest = await bob.request('message.history', { roomId });
    expect([seqsOf(newest), newest['hasMore']]).toEqual([[15, 16], true]);
    const following = await bob.request('message.history', { roomId, after: 12 });
    expect([seqsOf(following), following['hasMore']]).toEqual([[13, 14], true]);
    const around = await bob.request('message.history', { roomId, around: 14 });
    expect([seqsOf(around), around['hasMore']]).toEqual([[14, 15], true]);
  });

  it('gives one message, however large', async () => {
    await send({ text: '☃'.repeat(8000) });
    expect(seqsOf(await bob.request('message.history', { roomId }))).toEqual([13]);
    expect(seqsOf(await bob.request('message.history', { roomId, around: 13 }))).toEqual([13]);
  });

  it.each<[object, string]>([
    [{ before: 5, after: 3 }, 'after'],
    [{ after: 3, around: 5 }, 'around'],
    [{ before: 0 }, 'before'],
    [{ after: '3' }, 'after'],
    [{ limit: 101 }, 'limit'],
    [{ limit: 0 }, 'limit'],
    [{ until: 5 }, 'until'],
  ])('refuses %j', async (request, path) => {
    const outcome = await failure(ann.request('message.history', { roomId, ...request }));
    expect([outcome].flat().slice(0, 2)).toEqual(['VALIDATION_FAILED', path]);
  });
});

describe('reading', () => {
  it('is for members only', async () => {
    const { room } = await ann.request('room.create', { kind: 'channel' });
    await send({ roomId: room.id });
    for (const id of [roomId, room.id, 'nowhere']) {
      expect(await failure(eve.request('message.history', { roomId: id }))).toBe('NOT_FOUND');
      expect(await failure(eve.request('message.get', { roomId: id, seq: 1 }))).toBe('NOT_FOUND');
      expect(await failure(eve.request('message.read', { roomId: id, seq: 1 }))).toBe('NOT_FOUND');
    }
  });

  it('finds no message where another event is', async () => {
    expect(await failure(ann.request('message.get', { roomId, seq: 1 }))).toBe('NOT_FOUND');
    expect(await failure(ann.request('message.get', { roomId, seq: 99 }))).toBe('NOT_FOUND');
  });

  it('moves the position forward, to the head at most, and tells the other devices', async () => {
    await sendMany(5);
    const phone = await server.connect('bob');
    const read = async (seq: number) => bob.request('message.read', { roomId, seq });
    expect(await read(4)).toEqual({ readSeq: 4, unread: 3, mentions: 0 });
    expect(await phone.next('room.self')).toEqual({
      roomId,
      readSeq: 4,
      unread: 3,
      mentions: 0,
      muted: false,
    });
    expect(await read(3)).toEqual({ readSeq: 4, unread: 3, mentions: 0 });
    await expect(bob.request('room.get', { roomId })).resolves.toMatchObject({
      room: { readSeq: 4, unread: 3 },
    });
    expect(await read(1_000_000)).toEqual({ readSeq: 7, unread: 0, mentions: 0 });
    expect(await phone.next('room.self')).toMatchObject({ readSeq: 7, unread: 0 });
    await phone.expectSilence('room.self');
  });

  it('counts what comes after a position that is not written yet', async () => {
    await sendMany(2);
    await bob.request('message.read', { roomId, seq: 4 });
    await send({ text: 'and @bob' });
    await expect(bob.request('room.get', { roomId })).resolves.toMatchObject({
      room: { head: 5, readSeq: 4, unread: 1, mentions: 1 },
    });
    expect(await bob.request('message.read', { roomId, seq: 5 })).toEqual({
      readSeq: 5,
      unread: 0,
      mentions: 0,
    });
  });

  it("moves a sender's own position", async () => {
    await sendMany(3);
    await send({}, bob);
    await expect(bob.request('room.get', { roomId })).resolves.toMatchObject({
      room: { readSeq: 6, unread: 0 },
    });
    await expect(ann.request('room.get', { roomId })).resolves.toMatchObject({
      room: { readSeq: 5, unread: 1 },
    });
  });

  it('refuses a place that cannot be', async () => {
    for (const seq of [0, -1, 1.5, '3', null, undefined]) {
      const outcome = await failure(ann.request('message.read', { roomId, seq }));
      expect([outcome].flat().slice(0, 2)).toEqual(['VALIDATION_FAILED', 'seq']);
    }
  });
});
