import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uploaded } from '../attachments/testing.js';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let cay: TestClient;
let eve: TestClient;
let ids: Record<string, string>;
let roomId: string;
let lastId = 0;

beforeAll(async () => {
  server = await startServer({
    env: { MAX_ANSWER_BYTES: '16384', RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0' },
  });
  const names = ['ann', 'bob', 'cay', 'eve'] as const;
  const clients = await Promise.all(names.map(async (name) => server.connect(name)));
  [ann, bob, cay, eve] = clients as [TestClient, TestClient, TestClient, TestClient];
  ids = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await server.user(name)).id] as const)),
  );
});

afterAll(async () => server.close());

/** A group of ann, its owner, bob and cay: its head is 3. */
beforeEach(async () => {
  const memberIds = [ids['bob'], ids['cay']];
  const { room } = await ann.request('room.create', { kind: 'group', memberIds });
  roomId = room.id;
});

async function send(values: object = {}, client: TestClient = ann): Promise<number> {
  const clientId = `client-${++lastId}`;
  const { message } = await client.request('message.send', { roomId, text: 'hello', clientId, ...values });
  return message.seq;
}

async function shown(seq: number, client: TestClient = bob): Promise<Json> {
  return (await client.request('message.get', { roomId, seq }))['message'] as Json;
}

async function pushed(client: TestClient, type: string): Promise<Json> {
  return await client.next('room.event', (data) => data['roomId'] === roomId && data['type'] === type);
}

async function failure(request: Promise<unknown>): Promise<unknown> {
  return await request.then(
    () => 'no failure',
    ({ code, details }: { code: string; details: { path: string }[] }) =>
      details.length === 0 ? code : [code, ...new Set(details.map(({ path }) => path))],
  );
}

describe('message.edit', () => {
  it('replaces the text for everyone, in every answer and push', async () => {
    const seq = await send({ text: 'to @bob' });
    const { message } = await ann.request('message.edit', { roomId, seq, text: 'to @cay, @nobody' });
    expect(message).toMatchObject({ seq, text: 'to @cay, @nobody', mentions: [ids['cay']], reactions: [] });
    expect(message.editedAt).toEqual(expect.any(String));
    for (const client of [ann, bob, cay]) {
      expect(await pushed(client, 'message.edited')).toMatchObject({ actorId: ids['ann'], message });
    }
    expect(await shown(seq)).toEqual(message);
    const answers = await Promise.all([
      bob.request('message.history', { roomId }),
      bob.request('room.sync', { rooms: { [roomId]: 0 }, rest: 'none' }),
      bob.request('room.get', { roomId }),
    ]);
    for (const answer of answers) {
      expect(JSON.stringify(answer)).toContain('to @cay');
      expect(JSON.stringify(answer)).not.toContain('to @bob');
    }
    const { room } = await bob.request('room.get', { roomId });
    expect([room.mentions, room.lastMessage.text]).toEqual([0, 'to @cay, @nobody']);
  });

  it('stores nothing when it changes nothing', async () => {
    const seq = await send({ text: 'same' });
    const { message } = await ann.request('message.edit', { roomId, seq, text: 'same' });
    expect(message).toMatchObject({ text: 'same', editedAt: null });
    expect((await bob.request('message.get', { roomId, seq }))['head']).toBe(seq);
  });

  it('may leave a message with nothing but its attachments', async () => {
    const attachment = await uploaded(server, 'ann', roomId);
    const seq = await send({ text: 'see this', attachmentIds: [attachment.id] });
    const { message } = await ann.request('message.edit', { roomId, seq, text: '' });
    expect(message).toMatchObject({ text: '', deletedAt: null, attachments: [{ id: attachment.id }] });
    expect(await shown(seq)).toEqual(message);
    await ann.request('message.delete', { roomId, seq });
    expect(await shown(seq)).toMatchObject({ attachments: [], deletedAt: expect.any(String) });
  });

  it('shows the reactions that the message has', async () => {
    const seq = await send();
    await ann.request('message.react', { roomId, seq, emoji: '🌳' });
    const { message } = await ann.request('message.edit', { roomId, seq, text: 'other' });
    expect(message.reactions).toEqual([{ emoji: '🌳', count: 1, mine: true }]);
    expect((await pushed(bob, 'message.edited'))['message']).toMatchObject({ reactions: [] });
  });

  it('ends, raced by a deletion, in the tombstone whoever came first', async () => {
    for (let round = 0; round < 20; round += 1) {
      const seq = await send({ text: 'raced' }, bob);
      const outcomes = await Promise.all([
        failure(bob.request('message.edit', { roomId, seq, text: 'edited in a race' })),
        failure(ann.request('message.delete', { roomId, seq })),
      ]);
      expect(['no failure', 'CONFLICT']).toContain(outcomes[0]);
      expect(outcomes[1]).toBe('no failure');
      expect(await shown(seq)).toMatchObject({ text: '' });
    }
    const log = await bob.request('room.sync', { rooms: { [roomId]: 3 }, rest: 'none', limit: 200 });
    expect(JSON.stringify(log)).not.toMatch(/raced|edited in a race/);
  });
});

describe('message.delete', () => {
  it('leaves a tombstone in every answer', async () => {
    const seq = await send({ text: 'secret for @bob', meta: { also: 'secret' } });
    await bob.request('message.react', { roomId, seq, emoji: '👍' });
    await ann.request('message.pin', { roomId, seq });
    expect(await ann.request('message.delete', { roomId, seq })).toEqual({});
    for (const client of [ann, bob]) {
      expect(await pushed(client, 'message.deleted')).toMatchObject({ messageSeq: seq, actorId: ids['ann'] });
    }
    const tombstone = { text: '', mentions: [], attachments: [], reactions: [], meta: null };
    expect(await shown(seq)).toMatchObject({ ...tombstone, deletedAt: expect.any(String) });
    const answers = await Promise.all([
      bob.request('message.history', { roomId }),
      bob.request('room.sync', { rooms: { [roomId]: 0 }, rest: 'none' }),
      bob.request('room.get', { roomId }),
      bob.request('message.pins', { roomId }),
    ]);
    expect(JSON.stringify(answers)).not.toContain('secret');
    expect(answers[3]).toMatchObject({ messages: [], nextCursor: null });
    expect(answers[2]).toMatchObject({ room: { unread: 1, mentions: 0, lastMessage: tombstone } });
  });

  it('happens once, and the repeated send finds the tombstone', async () => {
    const sending = { roomId, text: 'regretted', clientId: 'regretted-1' };
    const { message } = await ann.request('message.send', sending);
    const { seq } = message as { seq: number };
    await ann.request('message.delete', { roomId, seq });
    expect(await ann.request('message.delete', { roomId, seq })).toEqual({});
    const again = await ann.request('message.send', { ...sending, text: 'something else' });
    expect(again).toMatchObject({ duplicate: true, message: { seq, text: '' } });
    expect((await bob.request('message.get', { roomId, seq }))['head']).toBe(seq + 1);
  });

  it('takes its reply out of the count of the thread', async () => {
    const root = await send();
    const reply = await send({ threadSeq: root }, bob);
    await send({ threadSeq: root });
    await bob.request('message.delete', { roomId, seq: reply });
    expect(await shown(root)).toMatchObject({ replyCount: 1 });
    const thread = await bob.request('message.history', { roomId, threadSeq: root });
    expect(thread['messages']).toMatchObject([{ seq: reply, text: '' }, { text: 'hello' }]);
  });

  it('reaches those who fall behind as a tombstone only', async () => {
    const seq = await send({ text: 'behind everyone' });
    await ann.request('message.edit', { roomId, seq, text: 'behind everyone still' });
    await ann.request('message.delete', { roomId, seq });
    const late = await server.connect('bob');
    const synced = await late.request('room.sync', { rooms: { [roomId]: seq - 1 }, rest: 'none' });
    expect(JSON.stringify(synced)).not.toContain('behind everyone');
    const types = synced['rooms'][0].events.map(({ type }: Json) => type);
    expect(types).toEqual(['message', 'message.edited', 'message.deleted']);
  });
});

describe('message.react and message.unreact', () => {
  it('tell the caller what is theirs, and others how many', async () => {
    const seq = await send();
    const tree = { roomId, seq, emoji: '🌳' };
    expect(await ann.request('message.react', tree)).toEqual({
      reactions: [{ emoji: '🌳', count: 1, mine: true }],
    });
    expect(await bob.request('message.react', tree)).toEqual({
      reactions: [{ emoji: '🌳', count: 2, mine: true }],
    });
    expect(await ann.request('message.unreact', tree)).toEqual({
      reactions: [{ emoji: '🌳', count: 1, mine: false }],
    });
    const added = await pushed(cay, 'reaction.added');
    expect(added).toMatchObject({ messageSeq: seq, emoji: '🌳', count: 1, actorId: ids['ann'] });
    expect(added).not.toHaveProperty('mine');
    expect(await pushed(cay, 'reaction.added')).toMatchObject({ count: 2, actorId: ids['bob'] });
    expect(await pushed(cay, 'reaction.removed')).toMatchObject({ count: 1, actorId: ids['ann'] });
    expect(await shown(seq, bob)).toMatchObject({ reactions: [{ emoji: '🌳', count: 1, mine: true }] });
    const page = await cay.request('message.history', { roomId });
    expect(page['messages'][0].reactions).toEqual([{ emoji: '🌳', count: 1, mine: false }]);
  });

  it('store nothing when they change nothing', async () => {
    const seq = await send();
    const tree = { roomId, seq, emoji: '🌳' };
    await ann.request('message.unreact', tree);
    await ann.request('message.react', tree);
    await ann.request('message.react', tree);
    expect((await bob.request('message.get', { roomId, seq }))['head']).toBe(seq + 1);
  });

  it('count right when many react at once', async () => {
    const seq = await send();
    const emoji = ['🌳', '👍', '❤️', '🎉', '1️⃣'];
    await Promise.all(
      [ann, bob, cay].flatMap((client) =>
        emoji.map(async (one) => client.request('message.react', { roomId, seq, emoji: one })),
      ),
    );
    await Promise.all(emoji.map(async (one) => cay.request('message.unreact', { roomId, seq, emoji: one })));
    const { reactions } = (await shown(seq)) as { reactions: Json[] };
    expect(new Set(reactions.map((one) => one['emoji']))).toEqual(new Set(emoji));
    expect(reactions.every(({ count, mine }) => count === 2 && mine === true)).toBe(true);
  });
});

describe('message.pin, message.unpin and message.pins', () => {
  it('show what is pinned, the newest pin first', async () => {
    const seqs = [await send({ text: 'one' }), await send({ text: 'two' }), await send({ text: 'three' })];
    for (const seq of seqs) expect(await ann.request('message.pin', { roomId, seq })).toEqual({});
    expect(await pushed(bob, 'pin.added')).toMatchObject({ messageSeq: seqs[0], actorId: ids['ann'] });
    const first = await bob.request('message.pins', { roomId, limit: 2 });
    expect(first['messages'].map(({ text }: Json) => text)).toEqual(['three', 'two']);
    expect(first['head']).toBe(9);
    await ann.request('message.pin', { roomId, seq: await send({ text: 'four' }) });
    const cursor = first['nextCursor'];
    const second = await bob.request('message.pins', { roomId, limit: 2, cursor });
    expect(second).toMatchObject({ messages: [{ text: 'one' }], nextCursor: null });
    await ann.request('message.unpin', { roomId, seq: seqs[0] });
    expect(await pushed(bob, 'pin.removed')).toMatchObject({ messageSeq: seqs[0] });
  });

  it('are for admins, and for both of a direct room', async () => {
    const seq = await send({}, bob);
    expect(await failure(bob.request('message.pin', { roomId, seq }))).toBe('FORBIDDEN');
    expect(await failure(bob.request('message.unpin', { roomId, seq }))).toBe('FORBIDDEN');
    const direct = await ann.request('room.create', { kind: 'direct', memberIds: [ids['bob']] });
    roomId = direct['room'].id;
    const own = await send();
    expect(await bob.request('message.pin', { roomId, seq: own })).toEqual({});
  });

  it('end at the largest answer', async () => {
    const seqs = [await send({ text: '☃'.repeat(4000) }), await send({ text: '☃'.repeat(4000) })];
    for (const seq of seqs) await ann.request('message.pin', { roomId, seq });
    const first = await bob.request('message.pins', { roomId });
    expect(first['messages'].map(({ seq }: Json) => seq)).toEqual([seqs[1]]);
    const rest = await bob.request('message.pins', { roomId, cursor: first['nextCursor'] });
    expect(rest['messages'].map(({ seq }: Json) => seq)).toEqual([seqs[0]]);
    expect(rest['nextCursor']).toBeNull();
  });

  it('refuse a cursor of something else', async () => {
    for (const cursor of ['x', Buffer.from('["a"]').toString('base64url'), '']) {
      const outcome = await failure(ann.request('message.pins', { roomId, cursor }));
      expect(outcome).toEqual(['VALIDATION_FAILED', 'cursor']);
    }
  });
});

describe('every change of a message', () => {
  const requests = (seq: unknown): [string, object][] => [
    ['message.edit', { roomId, seq, text: 'other' }],
    ['message.delete', { roomId, seq }],
    ['message.react', { roomId, seq, emoji: '🌳' }],
    ['message.unreact', { roomId, seq, emoji: '🌳' }],
    ['message.pin', { roomId, seq }],
    ['message.unpin', { roomId, seq }],
  ];

  it('knows no room for strangers and for those who left', async () => {
    const seq = await send({}, bob);
    await bob.request('room.leave', { roomId });
    for (const client of [eve, bob]) {
      for (const [event, data] of requests(seq))
        expect([event, await failure(client.request(event, data))]).toEqual([event, 'NOT_FOUND']);
      expect(await failure(client.request('message.pins', { roomId }))).toBe('NOT_FOUND');
    }
  });

  it('is forbidden in a channel to those who are outside, and shows them no pins', async () => {
    const { room } = await ann.request('room.create', { kind: 'channel' });
    roomId = room.id;
    const seq = await send();
    for (const [event, data] of requests(seq))
      expect([event, await failure(eve.request(event, data))]).toEqual([event, 'FORBIDDEN']);
    expect(await failure(eve.request('message.pins', { roomId }))).toBe('NOT_FOUND');
  });

  it('finds no message where there is none', async () => {
    for (const [event, data] of [...requests(1), ...requests(99)])
      expect([event, await failure(ann.request(event, data))]).toEqual([event, 'NOT_FOUND']);
  });

  it('conflicts with a deletion', async () => {
    const seq = await send();
    await ann.request('message.delete', { roomId, seq });
    const outcomes: unknown[] = [];
    for (const [event, data] of requests(seq)) outcomes.push(await failure(ann.request(event, data)));
    expect(outcomes).toEqual(['CONFLICT', 'no failure', 'CONFLICT', 'CONFLICT', 'CONFLICT', 'no failure']);
  });

  it("leaves others' messages to their senders", async () => {
    const seq = await send({}, bob);
    expect(await failure(ann.request('message.edit', { roomId, seq, text: 'x' }))).toBe('FORBIDDEN');
    expect(await failure(cay.request('message.delete', { roomId, seq }))).toBe('FORBIDDEN');
    expect(await failure(ann.request('message.delete', { roomId, seq }))).toBe('no failure');
  });

  it.each([0, -1, 1.5, '3', null, undefined])('refuses the place %j', async (seq) => {
    for (const [event, data] of requests(seq))
      expect([event, await failure(ann.request(event, data))]).toEqual([event, ['VALIDATION_FAILED', 'seq']]);
  });

  it.each<[string, object, string]>([
    ['message.edit', { text: '' }, 'text'],
    ['message.edit', { text: 'a\u0000b' }, 'text'],
    ['message.edit', { text: 7 }, 'text'],
    ['message.edit', { text: 'x', meta: {} }, 'meta'],
    ['message.delete', { text: 'x' }, 'text'],
    ['message.react', { emoji: '' }, 'emoji'],
    ['message.react', { emoji: '🌳🌳' }, 'emoji'],
    ['message.react', { emoji: `a${'\u0301'.repeat(32)}` }, 'emoji'],
    ['message.react', {}, 'emoji'],
    ['message.unreact', { emoji: 7 }, 'emoji'],
    ['message.pin', { emoji: '🌳' }, 'emoji'],
  ])('refuses %s with %j', async (event, values, path) => {
    const seq = await send();
    expect(await failure(ann.request(event, { roomId, seq, ...values }))).toEqual([
      'VALIDATION_FAILED',
      path,
    ]);
  });

  it('refuses more than 8000 characters', async () => {
    const seq = await send();
    const edit = async (text: string) => failure(ann.request('message.edit', { roomId, seq, text }));
    expect(await edit('🌳'.repeat(8001))).toEqual(['VALIDATION_FAILED', 'text']);
    expect(await edit('🌳'.repeat(8000))).toBe('no failure');
  });

  it.each([0, 101, '5'])('lists no %j pins', async (limit) => {
    const outcome = await failure(ann.request('message.pins', { roomId, limit }));
    expect(outcome).toEqual(['VALIDATION_FAILED', 'limit']);
  });
});

describe('fifty sends at once with one clientId', () => {
  it('store one message', async () => {
    const sending = { roomId, text: 'once', clientId: 'fifty-at-once' };
    const devices = await Promise.all(Array.from({ length: 5 }, async () => server.connect('ann')));
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) =>
        (devices[index % 5] ?? ann).request('message.send', sending),
      ),
    );
    const first = answers.filter(({ duplicate }) => duplicate === false);
    expect(first).toHaveLength(1);
    for (const { message } of answers) expect(message).toEqual(first[0]?.['message']);
    const page = await bob.request('message.history', { roomId });
    expect([page['messages'].length, page['head']]).toEqual([1, 4]);
  });
});
