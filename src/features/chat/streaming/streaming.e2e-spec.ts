import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';
import { failureOf, follow, freshId, pushOf, RoomTalk } from './testing.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let [annId, bobId] = ['', ''];
let room: RoomTalk;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
  [ann, bob] = await Promise.all([server.connect('ann'), server.connect('bob')]);
  [annId, bobId] = [(await server.user('ann')).id, (await server.user('bob')).id];
});

afterAll(async () => server.close());

beforeEach(async () => {
  const { room: created } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  room = new RoomTalk(String(created.id));
  for (const client of [ann, bob]) {
    await client.next('room.added', (data) => data['room'].id === room.roomId);
  }
});

async function send(client: TestClient, text: string, values: object = {}): Promise<Json> {
  const { roomId } = room;
  return await client.request('message.send', { roomId, text, clientId: freshId(), ...values });
}

/** How many characters one who has followed knows after this push of plain ASCII. */
const lengthAfter = ({ offset, text }: Json): number => Number(offset) + String(text).length;

describe('a stream', () => {
  it('is named in ready', () => {
    expect(ann.ready['features']).toContain('message.stream');
  });

  it('is seen growing by every member, and becomes one message at its end', async () => {
    const [clientId, meta, { roomId }] = [freshId(), { model: 'x' }, room];
    const { streamId, stream, duplicate } = await room.start(ann, { clientId, meta });
    expect(duplicate).toBe(false);
    const facts = { roomId, senderId: annId, clientId, replyTo: null, threadSeq: null };
    const begun = { ...facts, createdAt: expect.any(String), length: 0, text: '', meta };
    expect(stream).toEqual({ id: streamId, ...begun });
    for (const client of [ann, bob]) {
      const push = await pushOf(client, streamId);
      expect(push).toEqual({ ...facts, streamId, state: 'open', offset: 0, text: '' });
    }
    const following = Promise.all([follow(ann, streamId), follow(bob, streamId)]);
    expect(await room.append(ann, streamId, 0, 'Hello')).toEqual({ length: 5 });
    expect(await room.append(ann, streamId, 5, ', @bob 👩‍👩‍👧')).toEqual({ length: 17 });
    const ended = await room.end(ann, streamId, 17, '!');
    const message = { text: 'Hello, @bob 👩‍👩‍👧!', mentions: [bobId], meta, seq: 3 };
    expect(ended).toMatchObject({ duplicate: false, message: { ...facts, id: streamId, ...message } });
    for (const { last } of await following) {
      expect(last).toEqual({ ...facts, streamId, state: 'ended', seq: 3 });
    }
    const event = await bob.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === 3);
    expect(event).toMatchObject({ type: 'message', message: ended['message'] });
    expect(await room.list(bob)).toEqual([]);
  });

  it('takes its place in the order at its end', async () => {
    const streamId = await room.said(ann, 'long thoughts');
    const { message } = await send(bob, 'meanwhile');
    const ended = await room.end(ann, streamId, 13);
    expect([message.seq, ended['message'].seq]).toEqual([3, 4]);
    const { room: seen } = await ann.request('room.get', { roomId: room.roomId });
    expect(seen).toMatchObject({ head: 4, readSeq: 4, unread: 0 });
  });

  it('replies, and stands in its thread', async () => {
    const { message: root } = await send(bob, 'a question');
    const values = { replyTo: root.seq, threadSeq: root.seq };
    const streamId = await room.said(ann, 'an answer', values);
    expect(await pushOf(bob, streamId)).toMatchObject(values);
    await room.end(ann, streamId, 9);
    const { message } = await bob.request('message.get', { roomId: room.roomId, seq: root.seq });
    expect(message.replyCount).toBe(1);
    expect(await room.newest(bob)).toMatchObject({ ...values, text: 'an answer' });
  });

  it('is pushed a few times a second, whatever the pace of its deltas', async () => {
    const streamId = await room.startId(ann);
    const words = Array.from({ length: 200 }, (_, index) => `w${index} `);
    const startedAt = performance.now();
    let offset = 0;
    for (const word of words) offset = Number((await room.append(ann, streamId, offset, word))['length']);
    const tenths = (performance.now() - startedAt) / 100;
    await room.end(ann, streamId, offset);
    const { last } = await follow(bob, streamId);
    expect(last['state']).toBe('ended');
    const pushes = ann.waiting('message.stream').filter(({ data }) => data['streamId'] === streamId);
    // One at the beginning, one for each tenth of a second, one at the end. A fast machine needs less than a tenth for all.
    expect(pushes.length).toBeGreaterThanOrEqual(2);
    expect(pushes.length).toBeLessThanOrEqual(tenths + 3);
    expect((await room.newest(bob))?.['text']).toBe(words.join(''));
  });

  it('is shown as it stands to one who comes late, and who follows from there on', async () => {
    const streamId = await room.said(ann, 'what was said before');
    const late = await server.connect('bob');
    const view = await room.getSaid(late, streamId, 20);
    const [listed] = await room.list(late);
    expect(listed).toEqual({
      id: streamId,
      roomId: room.roomId,
      senderId: annId,
      clientId: view['clientId'],
      replyTo: null,
      threadSeq: null,
      createdAt: view['createdAt'],
      length: 20,
    });
    expect(view).toEqual({ ...listed, text: 'what was said before', meta: null });
    await room.append(ann, streamId, 20, ', and after');
    const push = await late.next('message.stream', ({ text }) => String(text).includes('and after'));
    const known = 'what was said before'.slice(0, Number(push['offset']));
    expect(known + String(push['text'])).toBe('what was said before, and after');
    await late.close();
  });

  it('lets one who has a hole have the text so far', async () => {
    const streamId = await room.said(ann, 'one ');
    await bob.terminate();
    await room.append(ann, streamId, 4, 'two ');
    // However many pushes it takes: the first one may already have words in it.
    await ann.next('message.stream', (data) => data['streamId'] === streamId && lengthAfter(data) === 8);
    bob = await server.connect('bob');
    await room.append(ann, streamId, 8, 'three');
    const { offset } = await pushOf(bob, streamId);
    expect(offset).toBeGreaterThan(0);
    expect((await room.getSaid(bob, streamId, 13))['text']).toBe('one two three');
  });

  it('lists the open ones of a room, the oldest first', async () => {
    const ids = [await room.startId(ann), await room.startId(bob), await room.startId(ann)];
    expect((await room.list(bob)).map(({ id }) => id)).toEqual(ids);
    await room.abort(bob, String(ids[1]));
    expect((await room.list(bob)).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
  });
});

describe('a delta', () => {
  it('that is repeated, or overlaps, changes nothing that is there', async () => {
    const streamId = await room.said(ann, '👍🏽 abc');
    expect(await room.append(ann, streamId, 0, '👍🏽 abc')).toEqual({ length: 6 });
    expect(await room.append(ann, streamId, 1, '🏽 ')).toEqual({ length: 6 });
    expect(await room.append(ann, streamId, 3, 'abcdef')).toEqual({ length: 9 });
    expect(await room.append(ann, streamId, 9, '')).toEqual({ length: 9 });
    expect(await room.append(ann, streamId, 4, '')).toEqual({ length: 9 });
    expect((await room.getSaid(bob, streamId, 9))['text']).toBe('👍🏽 abcdef');
  });

  it('that leaves a hole is refused with the length so far, by which its sender mends it', async () => {
    const streamId = await room.said(ann, 'abc');
    const refused = await failureOf(room.append(ann, streamId, 5, 'fg'));
    expect(refused).toEqual({ code: 'CONFLICT', length: 3 });
    expect(await room.append(ann, streamId, refused['length'], 'defg')).toEqual({ length: 7 });
    for (const [offset, text] of [[8], [6], [0, 'abc']] as const) {
      expect(await failureOf(room.end(ann, streamId, offset, text))).toEqual({ code: 'CONFLICT', length: 7 });
    }
    expect((await room.end(ann, streamId, 7))['message'].text).toBe('abcdefg');
  });

  it('that contradicts what is there is refused with the length so far', async () => {
    const streamId = await room.said(ann, 'abc');
    for (const [offset, text] of [
      [0, 'x'],
      [2, 'xd'],
      [1, 'bcx'],
    ] as const) {
      const outcome = await failureOf(room.append(ann, streamId, offset, text));
      expect(outcome).toEqual(text === 'bcx' ? { data: { length: 4 } } : { code: 'CONFLICT', length: 3 });
    }
  });

  it('takes the whole to 8000 characters and no further', async () => {
    const streamId = await room.said(ann, '😀'.repeat(7999));
    const tooLong = { code: 'VALIDATION_FAILED', paths: ['text'] };
    expect(await failureOf(room.append(ann, streamId, 7999, 'ab'))).toEqual(tooLong);
    expect(await failureOf(room.end(ann, streamId, 7999, 'ab'))).toEqual(tooLong);
    expect(await room.append(ann, streamId, 7999, 'a')).toEqual({ length: 8000 });
    expect(await failureOf(room.append(ann, streamId, 8000, 'b'))).toEqual(tooLong);
    expect((await room.end(ann, streamId, 8000))['message'].text).toBe(`${'😀'.repeat(7999)}a`);
  });

  it.each([
    ['offset', { offset: -1 }],
    ['offset', { offset: 0.5 }],
    ['offset', { offset: 8001 }],
    ['offset', { offset: '0' }],
    ['text', { text: 'a\u0000' }],
    ['text', { text: 'a\u001b[1m' }],
    ['text', { text: '\ud83d' }],
    ['text', { text: '\ude00' }],
    ['text', { text: 7 }],
    ['text', { text: 'x'.repeat(8001) }],
    ['streamId', { streamId: '' }],
    ['more', { more: true }],
  ])('is refused for its %s in %j', async (path, values) => {
    const streamId = await room.startId(ann);
    const delta = { roomId: room.roomId, streamId, offset: 0, text: 'a', ...values };
    const outcome = await failureOf(ann.request('message.stream.append', delta));
    expect(outcome).toEqual({ code: 'VALIDATION_FAILED', paths: [path] });
  });

  it('may not divide a character: neither half is taken', async () => {
    const streamId = await room.startId(ann);
    const [high, low] = ['\ud83d', '\ude00'];
    for (const half of [high, low]) {
      expect(await failureOf(room.append(ann, streamId, 0, half))).toMatchObject({ paths: ['text'] });
    }
    expect(await room.append(ann, streamId, 0, `${high}${low}`)).toEqual({ length: 1 });
  });
});

describe('a repeated request', () => {
  it('to start finds the open stream with what it said, and later its message', async () => {
    const clientId = freshId();
    const streamId = await room.said(ann, 'so far', { clientId });
    const again = await room.start(ann, { clientId, meta: { other: true } });
    expect(again).toMatchObject({
      streamId,
      duplicate: true,
      stream: { text: 'so far', length: 6, meta: null },
    });
    const { message } = await room.end(ann, streamId, 6);
    expect(await room.start(ann, { clientId })).toEqual({ message, duplicate: true });
    expect(await room.list(ann)).toEqual([]);
  });

  it('to start something else under a clientId is refused', async () => {
    const { message: root } = await send(bob, 'a question');
    const clientId = freshId();
    const streamId = await room.said(ann, 'x', { clientId });
    expect(await failureOf(room.start(ann, { clientId, replyTo: root.seq }))).toEqual({ code: 'CONFLICT' });
    await room.end(ann, streamId, 1);
    expect(await failureOf(room.start(ann, { clientId, threadSeq: root.seq }))).toEqual({ code: 'CONFLICT' });
    expect(await room.start(bob, { clientId })).toMatchObject({ duplicate: false });
  });

  it('to end finds the message, whatever tail it names', async () => {
    const streamId = await room.said(ann, 'abc');
    const { message } = await room.end(ann, streamId, 3);
    for (const tail of [undefined, 'more']) {
      expect(await room.end(ann, streamId, 3, tail)).toEqual({ message, duplicate: true });
    }
    await ann.request('message.delete', { roomId: room.roomId, seq: message.seq });
    expect(await room.end(ann, streamId, 3)).toMatchObject({ message: { text: '' }, duplicate: true });
  });

  it('shares its clientId with message.send', async () => {
    const clientId = freshId();
    const streamId = await room.said(ann, 'the text', { clientId });
    const values = { clientId };
    expect(await failureOf(send(ann, 'the text', values))).toEqual({ code: 'CONFLICT' });
    const { message } = await room.end(ann, streamId, 8);
    expect(await send(ann, 'the text', values)).toEqual({ message, duplicate: true });
    expect(await failureOf(send(ann, 'another text', values))).toEqual({ code: 'CONFLICT' });
    const sent = await send(ann, 'sent whole');
    const { clientId: used } = sent['message'];
    expect(await room.start(ann, { clientId: used })).toEqual({ ...sent, duplicate: true });
  });

  it('to abort changes nothing, and the clientId is free again', async () => {
    const clientId = freshId();
    const streamId = await room.said(ann, 'abc', { clientId });
    expect([await room.abort(ann, streamId), await room.abort(ann, streamId)]).toEqual([{}, {}]);
    const again = await room.start(ann, { clientId });
    expect(again).toMatchObject({ duplicate: false, stream: { text: '' } });
    expect(again['streamId']).not.toBe(streamId);
    await room.end(ann, again['streamId'], 0, 'said after all');
    expect(await failureOf(room.abort(ann, again['streamId']))).toEqual({ code: 'CONFLICT' });
  });
});

describe('an aborted stream', () => {
  it('is told, and leaves nothing in the log', async () => {
    const streamId = await room.said(ann, 'never mind');
    await pushOf(bob, streamId);
    await room.abort(ann, streamId);
    const { last } = await follow(bob, streamId);
    expect(last).toMatchObject({ streamId, roomId: room.roomId, senderId: annId, state: 'aborted' });
    expect(last).not.toHaveProperty('text');
    expect(await room.newest(bob)).toBeUndefined();
  });

  it('cannot go on', async () => {
    const streamId = await room.said(ann, 'abc');
    await room.abort(ann, streamId);
    expect(await failureOf(room.append(ann, streamId, 3, 'd'))).toEqual({ code: 'CONFLICT' });
    expect(await failureOf(room.end(ann, streamId, 3))).toEqual({ code: 'CONFLICT' });
    expect(await failureOf(room.get(bob, streamId))).toEqual({ code: 'NOT_FOUND' });
  });

  it('without a word cannot end', async () => {
    const streamId = await room.startId(ann);
    const empty = { code: 'VALIDATION_FAILED', paths: ['text'] };
    expect(await failureOf(room.end(ann, streamId, 0))).toEqual(empty);
    expect((await room.end(ann, streamId, 0, 'a word'))['message'].text).toBe('a word');
    expect(await failureOf(room.append(ann, streamId, 6, '!'))).toEqual({ code: 'CONFLICT' });
  });
});
