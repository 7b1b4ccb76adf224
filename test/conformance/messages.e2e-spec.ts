import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, TestClient, TestTarget } from 'parley/testing';
import {
  codeOf,
  createRoom,
  expectShape,
  failure,
  fresh,
  ISO_TIME,
  NOBODY,
  pathsOf,
  say,
  serve,
  type Service,
} from './contract.js';

describe('messages', () => {
  let service: Service;
  let target: TestTarget;
  let ann: TestClient;
  let bob: TestClient;
  let cat: TestClient;
  let ids: Record<'ann' | 'bob' | 'cat', string>;
  let roomId: string;

  beforeAll(async () => {
    service = await serve();
    target = service.process;
    [ann, bob, cat] = [await target.connect('ann'), await target.connect('bob'), await target.connect('cat')];
    ids = {
      ann: (await target.user('ann')).id,
      bob: (await target.user('bob')).id,
      cat: (await target.user('cat')).id,
    };
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    roomId = String((await createRoom(ann, { kind: 'group', memberIds: [ids.bob] }))['id']);
  });

  const send = (client: TestClient, data: object): Promise<Json> =>
    client.request('message.send', { roomId, text: 'hello', clientId: fresh(), ...data });
  const history = (client: TestClient, data: object): Promise<Json> =>
    client.request('message.history', { roomId, ...data });
  const unreadOf = async (client: TestClient): Promise<Json> => {
    const { room } = await client.request('room.get', { roomId });
    return { readSeq: room.readSeq, unread: room.unread, mentions: room.mentions };
  };
  const event = (client: TestClient, seq: number): Promise<Json> =>
    client.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === seq);
  const texts = (answer: Json): string[] => answer['messages'].map((message: Json) => message['text']);

  describe('are sent', () => {
    it('and stored as they are, pushed to every member with the same bytes', async () => {
      const clientId = fresh();
      const meta = { color: 'red', list: [1, null, { a: true }] };
      const answer = await send(ann, { text: '<b>hi</b>\n\t@bob  ', clientId, meta });
      expect(Object.keys(answer).toSorted()).toEqual(['duplicate', 'message']);
      expect(answer['duplicate']).toBe(false);
      expectShape(answer['message'], 'message');
      expect(answer['message']).toEqual({
        id: expect.any(String),
        roomId,
        seq: 3,
        senderId: ids.ann,
        text: '<b>hi</b>\n\t@bob  ',
        clientId,
        createdAt: expect.stringMatching(ISO_TIME),
        editedAt: null,
        deletedAt: null,
        replyTo: null,
        threadSeq: null,
        replyCount: 0,
        mentions: [ids.bob],
        attachments: [],
        reactions: [],
        meta,
      });
      const [mine, others] = [await event(ann, 3), await event(bob, 3)];
      expectShape(mine, 'messageEvent');
      expect(mine).toMatchObject({ type: 'message', actorId: ids.ann, message: answer['message'] });
      expect(others).toEqual(mine);
      await expect(bob.request('message.get', { roomId, seq: 3 })).resolves.toEqual({
        message: answer['message'],
        head: 3,
      });
    });

    it('with null where meta was not given', async () => {
      expect(await say(ann, roomId, 'bare')).toMatchObject({ meta: null, mentions: [] });
    });

    it('with a text of 1–8000 characters without control characters', async () => {
      for (const text of ['x', ' ', '𝄞'.repeat(8000), 'a\r\n\tb', '\u202e', '0'])
        expect(await send(ann, { text })).toMatchObject({ message: { text } });
      const refused = [
        '',
        'x'.repeat(8001),
        '𝄞'.repeat(8001),
        'a\u0000',
        'a\u0007b',
        'a\u007f',
        'a\u0085',
        'a\ud800',
        7,
        null,
      ];
      for (const text of refused) {
        const data = { roomId, text, clientId: fresh() };
        expect([text, await pathsOf(ann, 'message.send', data)]).toEqual([text, ['text']]);
      }
    });

    it('with a clientId of 8–64 characters', async () => {
      for (const clientId of ['12345678', '𝄞'.repeat(64)]) await send(ann, { clientId });
      for (const clientId of [
        '1234567',
        '𝄞'.repeat(7),
        'x'.repeat(65),
        '𝄞'.repeat(65),
        'lonely-\ud800',
        12345678,
        null,
      ])
        expect(await pathsOf(ann, 'message.send', { roomId, text: 'hi', clientId })).toEqual(['clientId']);
      expect(await pathsOf(ann, 'message.send', { roomId, text: 'hi' })).toEqual(['clientId']);
    });

    it('with a meta of at most 4 KiB', async () => {
      const meta = { x: 'y'.repeat(4096 - '{"x":""}'.length) };
      expect(await send(ann, { meta })).toMatchObject({ message: { meta } });
      const wide = { x: '𝄞'.repeat(1024) };
      for (const refused of [
        { x: `${meta.x}y` },
        wide,
        [],
        'text',
        7,
        { a: 'b\u0000' },
        { a: '\ud800' },
        { '\udc00': 1 },
      ])
        expect([
          ...new Set(
            await pathsOf(ann, 'message.send', { roomId, text: 'hi', clientId: fresh(), meta: refused }),
          ),
        ]).toEqual(['meta']);
    });

    it('with at most 50 mentions, however many else are named', async () => {
      const users = await Promise.all(Array.from({ length: 51 }, (_, i) => target.user(`named-${i}`)));
      const room = await createRoom(ann, { kind: 'group', memberIds: users.map(({ id }) => id) });
      const strangers = Array.from({ length: 200 }, (_, i) => `@stranger-${i}`).join(' ');
      const naming = (count: number): string =>
        [strangers, ...users.slice(0, count).map(({ username }) => `@${username}`)].join(' ');
      const { seq, mentions } = await say(ann, room['id'], naming(50));
      expect(mentions).toEqual(users.slice(0, 50).map(({ id }) => id));
      const sending = { roomId: room['id'], text: naming(51), clientId: fresh() };
      expect(await pathsOf(ann, 'message.send', sending)).toEqual(['text']);
      const editing = { roomId: room['id'], text: naming(51), seq };
      expect(await pathsOf(ann, 'message.edit', editing)).toEqual(['text']);
    });

    it('with mentions of members only', async () => {
      const text = `@bob @ann @cat @nobody @BOB bob@bob.example`;
      const { mentions } = await say(ann, roomId, text);
      expect((mentions as string[]).toSorted()).toEqual([ids.ann, ids.bob].toSorted());
    });

    it('once for a clientId, for ever, and CONFLICT with other content', async () => {
      const clientId = fresh();
      const first = await send(ann, { clientId, meta: { a: 1 } });
      const elsewhere = await target.connect('ann');
      for (const again of [{}, { meta: { b: 2 } }])
        expect(await send(elsewhere, { clientId, ...again })).toEqual({
          message: first['message'],
          duplicate: true,
        });
      expect(await history(ann, {})).toMatchObject({ head: 3 });
      for (const other of [{ text: 'other' }, { replyTo: 3 }, { threadSeq: 3 }])
        expect(await codeOf(ann, 'message.send', { roomId, text: 'hello', clientId, ...other })).toBe(
          'CONFLICT',
        );
      expect(await send(bob, { clientId })).toMatchObject({ duplicate: false });
      const room = await createRoom(ann, { kind: 'group' });
      expect(await send(ann, { clientId, roomId: room['id'] })).toMatchObject({ duplicate: false });
      await elsewhere.close();
    });

    it('once when two copies race', async () => {
      const clientId = fresh();
      const answers = await Promise.all([
        send(ann, { clientId }),
        send(ann, { clientId }),
        send(ann, { clientId }),
      ]);
      expect(answers.map((answer) => answer['duplicate']).toSorted()).toEqual([false, true, true]);
      expect(new Set(answers.map((answer) => answer['message'].seq)).size).toBe(1);
    });

    it('as answers to messages of the same room', async () => {
      const root = await say(bob, roomId, 'root');
      expect(await say(ann, roomId, 'answer', { replyTo: root['seq'] })).toMatchObject({
        replyTo: root['seq'],
        threadSeq: null,
      });
      expect(await say(ann, roomId, 'reply', { threadSeq: root['seq'] })).toMatchObject({
        replyTo: null,
        threadSeq: root['seq'],
      });
      const { message } = await ann.request('message.get', { roomId, seq: root['seq'] });
      expect(message).toMatchObject({ replyCount: 1 });
      for (const seq of [999, 1]) {
        for (const name of ['replyTo', 'threadSeq'])
          expect(['NOT_FOUND', 'VALIDATION_FAILED']).toContain(
            await codeOf(ann, 'message.send', { roomId, text: 'hi', clientId: fresh(), [name]: seq }),
          );
      }
      for (const seq of [0, -1, 1.5, '3'])
        for (const name of ['replyTo', 'threadSeq'])
          expect(
            await pathsOf(ann, 'message.send', { roomId, text: 'hi', clientId: fresh(), [name]: seq }),
          ).toEqual([name]);
    });

    it('by none who left', async () => {
      await bob.request('room.leave', { roomId });
      const data = { roomId, text: 'hi', clientId: fresh() };
      expect(await failure(bob, 'message.send', data)).toEqual(
        await failure(bob, 'message.send', { ...data, roomId: NOBODY }),
      );
    });
  });

  describe('are read back', () => {
    beforeEach(async () => {
      for (let i = 3; i <= 12; i++) await say(ann, roomId, `m${i}`);
    });

    it('newest first to page, ascending in a page', async () => {
      const all = await history(bob, {});
      expect(Object.keys(all).toSorted()).toEqual(['hasMore', 'head', 'messages']);
      expect(all).toMatchObject({ head: 12, hasMore: false });
      for (const message of all['messages']) expectShape(message, 'message');
      expect(texts(all)).toEqual(Array.from({ length: 10 }, (_, i) => `m${i + 3}`));
      const last = await history(bob, { limit: 4 });
      expect([texts(last), last['hasMore']]).toEqual([['m9', 'm10', 'm11', 'm12'], true]);
    });

    it('before, after and around a seq', async () => {
      const page = async (data: object): Promise<unknown[]> => {
        const answer = await history(bob, data);
        return [texts(answer).join(' '), answer['hasMore']];
      };
      expect(await page({ before: 9, limit: 3 })).toEqual(['m6 m7 m8', true]);
      expect(await page({ before: 6, limit: 3 })).toEqual(['m3 m4 m5', false]);
      expect(await page({ before: 3 })).toEqual(['', false]);
      expect(await page({ after: 9, limit: 3 })).toEqual(['m10 m11 m12', false]);
      expect(await page({ after: 8, limit: 3 })).toEqual(['m9 m10 m11', true]);
      expect(await page({ after: 0, limit: 2 })).toEqual(['m3 m4', true]);
      expect(await page({ after: 12 })).toEqual(['', false]);
      expect(await page({ after: 999 })).toEqual(['', false]);
      expect(await page({ before: 999, limit: 1 })).toEqual(['m12', true]);
      const around = await history(bob, { around: 7, limit: 5 });
      expect(texts(around)).toEqual(['m5', 'm6', 'm7', 'm8', 'm9']);
      expect(texts(await history(bob, { around: 7, limit: 1 }))).toEqual(['m7']);
    });

    it('by one bound at a time, within limits', async () => {
      expect(await codeOf(bob, 'message.history', { roomId, before: 5, after: 3 })).toBe('VALIDATION_FAILED');
      expect(await codeOf(bob, 'message.history', { roomId, before: 5, around: 3 })).toBe(
        'VALIDATION_FAILED',
      );
      await history(bob, { limit: 100 });
      for (const limit of [0, 101, -1, 1.5, '3'])
        expect(await pathsOf(bob, 'message.history', { roomId, limit })).toEqual(['limit']);
      for (const name of ['before', 'after', 'around', 'threadSeq'])
        for (const seq of [-1, 1.5, '3', 2 ** 53])
          expect(await pathsOf(bob, 'message.history', { roomId, [name]: seq })).toEqual([name]);
    });

    it('one by one, messages only', async () => {
      await expect(bob.request('message.get', { roomId, seq: 5 })).resolves.toMatchObject({
        message: { seq: 5, text: 'm5' },
        head: 12,
      });
      const missing = await failure(bob, 'message.get', { roomId, seq: 999 });
      expect(missing).toMatchObject({ code: 'NOT_FOUND' });
      expect(await failure(bob, 'message.get', { roomId, seq: 1 })).toEqual(missing);
      for (const seq of [0, -1, 1.5, '3', null])
        expect(await pathsOf(bob, 'message.get', { roomId, seq })).toEqual(['seq']);
    });

    it('thread by thread, without the root', async () => {
      for (let i = 1; i <= 3; i++) await say(bob, roomId, `t${i}`, { threadSeq: 5 });
      await say(bob, roomId, 'elsewhere', { threadSeq: 6 });
      const thread = await history(ann, { threadSeq: 5 });
      expect(thread).toMatchObject({ head: 16, hasMore: false });
      expect(texts(thread)).toEqual(['t1', 't2', 't3']);
      expect(texts(await history(ann, { threadSeq: 5, before: 15, limit: 1 }))).toEqual(['t2']);
      expect(texts(await history(ann, { threadSeq: 7 }))).toEqual([]);
    });

    it('whole by members who came later', async () => {
      await ann.request('room.add', { roomId, userIds: [ids.cat] });
      expect(texts(await history(cat, {}))).toHaveLength(10);
      expect(await unreadOf(cat)).toEqual({ readSeq: 13, unread: 0, mentions: 0 });
    });
  });

  describe('count as unread', () => {
    it('when they are root messages after the read position', async () => {
      expect(await unreadOf(bob)).toEqual({ readSeq: 2, unread: 0, mentions: 0 });
      const root = await say(ann, roomId, 'one');
      await say(ann, roomId, 'two, @bob');
      await say(ann, roomId, 'in a thread, @bob', { threadSeq: root['seq'] });
      await ann.request('room.add', { roomId, userIds: [ids.cat] });
      expect(await unreadOf(bob)).toEqual({ readSeq: 2, unread: 2, mentions: 2 });
      expect(await unreadOf(ann)).toMatchObject({ readSeq: 5, unread: 0 });
    });

    it('until they are read, which never goes back nor beyond the head', async () => {
      for (const text of ['one', 'two @bob', 'three']) await say(ann, roomId, text);
      const read = (seq: number): Promise<Json> => bob.request('message.read', { roomId, seq });
      expect(await read(3)).toEqual({ readSeq: 3, unread: 2, mentions: 1 });
      expect(await read(4)).toEqual({ readSeq: 4, unread: 1, mentions: 0 });
      expect(await read(3)).toEqual({ readSeq: 4, unread: 1, mentions: 0 });
      expect(await read(999)).toEqual({ readSeq: 5, unread: 0, mentions: 0 });
      expect(await unreadOf(bob)).toEqual({ readSeq: 5, unread: 0, mentions: 0 });
      for (const seq of [-1, 1.5, '3', null, undefined])
        expect(await pathsOf(bob, 'message.read', { roomId, seq })).toEqual(['seq']);
    });

    it('to others, not to their sender, whose position moves', async () => {
      await say(ann, roomId, 'one');
      await say(bob, roomId, 'two');
      expect(await unreadOf(bob)).toEqual({ readSeq: 4, unread: 0, mentions: 0 });
      expect(await unreadOf(ann)).toEqual({ readSeq: 3, unread: 1, mentions: 0 });
    });

    it('in lists, with the last message', async () => {
      const message = await say(ann, roomId, 'newest @bob');
      const { rooms } = await bob.request('room.list', { limit: 1 });
      expect(rooms[0]).toMatchObject({ id: roomId, head: 3, unread: 1, mentions: 1, lastMessage: message });
    });
  });
});
