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

const ANSWER = ['epoch', 'nextCursor', 'reads', 'removed', 'rooms', 'serverTime', 'since'];

describe('room.sync', () => {
  let service: Service;
  let target: TestTarget;
  let ann: TestClient;
  let bob: TestClient;
  let bobId: string;
  let users = 0;

  beforeAll(async () => {
    service = await serve({ MAX_ANSWER_BYTES: '131072' });
    target = service.process;
    ann = await target.connect('ann');
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    const name = `bob${++users}`;
    bob = await target.connect(name);
    bobId = (await target.user(name)).id;
  });

  const sync = async (data: object = {}, client = bob): Promise<Json> => {
    const answer = await client.request('room.sync', data);
    expect(Object.keys(answer).toSorted()).toEqual(ANSWER);
    expect(answer).toMatchObject({
      epoch: client.ready['epoch'],
      serverTime: expect.stringMatching(ISO_TIME),
      since: expect.any(String),
    });
    return answer;
  };
  const room = async (...said: string[]): Promise<string> => {
    const { id } = await createRoom(ann, { kind: 'group', memberIds: [bobId] });
    for (const text of said) await say(ann, String(id), text);
    return String(id);
  };
  const seqs = (entry: Json | undefined): number[] => entry?.['events'].map((event: Json) => event['seq']);
  const ids = (answer: Json): string[] => answer['rooms'].map((entry: Json) => entry['room'].id);
  const epoch = (): string => String(bob.ready['epoch']);

  it('gives a newcomer nothing', async () => {
    expect(await sync()).toMatchObject({ rooms: [], removed: [], reads: [], nextCursor: null });
  });

  it('gives every room with its newest events', async () => {
    const [first, second] = [await room('a', 'b', 'c'), await room()];
    const answer = await sync({ limit: 2 });
    expect(ids(answer)).toEqual([second, first]);
    expect(Object.keys(answer['rooms'][1]).toSorted()).toEqual(['events', 'hasMore', 'room']);
    expect(answer['rooms'].map(seqs)).toEqual([
      [1, 2],
      [4, 5],
    ]);
    const [, entry] = answer['rooms'];
    expectShape(entry.room, 'room');
    expect(entry.room).toMatchObject({ head: 5, unread: 3, role: 'member', readSeq: 2 });
    expect(entry.hasMore).toBe(false);
    for (const event of entry.events) {
      expectShape(event, 'messageEvent');
      expectShape(event.message, 'message');
    }
  });

  it('gives what came after the named seq, ascending, in steps', async () => {
    const id = await room('3', '4', '5', '6', '7');
    const first = await sync({ epoch: epoch(), rooms: { [id]: 3 }, limit: 3 });
    expect([seqs(first['rooms'][0]), first['rooms'][0].hasMore]).toEqual([[4, 5, 6], true]);
    const second = await sync({ epoch: epoch(), rooms: { [id]: 6 }, limit: 3 });
    expect([seqs(second['rooms'][0]), second['rooms'][0].hasMore]).toEqual([[7], false]);
    const exact = await sync({ epoch: epoch(), rooms: { [id]: 4 }, limit: 3 });
    expect([seqs(exact['rooms'][0]), exact['rooms'][0].hasMore]).toEqual([[5, 6, 7], false]);
    const whole = await sync({ epoch: epoch(), rooms: { [id]: 0 } });
    expect(seqs(whole['rooms'][0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(whole['rooms'][0]).not.toHaveProperty('reset');
  });

  it('leaves out a room that is up to date, and with rest: none the rooms not named', async () => {
    const [named, other] = [await room('3'), await room('3')];
    expect(ids(await sync({ epoch: epoch(), rooms: { [named]: 3 } }))).toEqual([other]);
    expect(ids(await sync({ epoch: epoch(), rooms: { [named]: 3 }, rest: 'none' }))).toEqual([]);
    expect(ids(await sync({ epoch: epoch(), rooms: { [named]: 2 }, rest: 'none' }))).toEqual([named]);
    expect(ids(await sync({ rest: 'none' }))).toEqual([]);
  });

  it('gives the same events as the pushes', async () => {
    const id = await room('@someone', 'two');
    const pushed = [];
    for (let seq = 2; seq <= 4; seq++)
      pushed.push(await bob.next('room.event', (data) => data['roomId'] === id && data['seq'] === seq));
    const { rooms } = await sync({ epoch: epoch(), rooms: { [id]: 1 } });
    expect(rooms[0].events).toEqual(pushed);
  });

  it('resets what another epoch or a seq beyond the head names, whatever rest says', async () => {
    const id = await room('3', '4', '5');
    const newest = { reset: true, hasMore: false };
    const beyond = await sync({ epoch: epoch(), rooms: { [id]: 6 }, limit: 2, rest: 'none' });
    expect(beyond['rooms']).toMatchObject([newest]);
    expect(Object.keys(beyond['rooms'][0]).toSorted()).toEqual(['events', 'hasMore', 'reset', 'room']);
    expect(seqs(beyond['rooms'][0])).toEqual([4, 5]);
    for (const n of [2, 5, 0]) {
      const other = await sync({ epoch: 'another', rooms: { [id]: n }, limit: 2, rest: 'none' });
      expect(other['rooms']).toMatchObject([newest]);
      expect(seqs(other['rooms'][0])).toEqual([4, 5]);
    }
  });

  it('names the rooms that one left, or never was in, or that never were, alike', async () => {
    const [left, stays, foreign] = [await room(), await room(), await createRoom(ann, { kind: 'group' })];
    await bob.request('room.leave', { roomId: left });
    const named = { [left]: 1, [stays]: 2, [String(foreign['id'])]: 0, [NOBODY]: 0 };
    const answer = await sync({ epoch: epoch(), rooms: named });
    expect(ids(answer)).toEqual([]);
    expect(answer['removed'].toSorted()).toEqual([left, String(foreign['id']), NOBODY].toSorted());
    expect(await sync()).toMatchObject({ removed: [] });
  });

  it('gives the positions that changed since an earlier answer', async () => {
    const [id, other] = [await room('3', '4 @bob'), await room('3')];
    const first = await sync();
    expect(first['reads']).toEqual([]);
    expect(await sync({ since: first['since'] })).toMatchObject({ reads: [] });
    await bob.request('message.read', { roomId: id, seq: 3 });
    const second = await sync({ epoch: epoch(), rooms: { [id]: 4, [other]: 3 }, since: first['since'] });
    expect(second).toMatchObject({
      rooms: [],
      reads: [{ roomId: id, readSeq: 3, unread: 1, mentions: 0, muted: false }],
    });
    expect(Object.keys(second['reads'][0])).toHaveLength(5);
    expect(await sync({ since: second['since'] })).toMatchObject({ reads: [] });
    await say(bob, other, 'sending reads too');
    expect(await sync({ since: second['since'] })).toMatchObject({
      reads: [{ roomId: other, readSeq: 4, unread: 0 }],
    });
  });

  it('goes on with a cursor, in the order of the first page', async () => {
    const wide = 'x'.repeat(7000);
    const all = [];
    for (let i = 0; i < 12; i++) all.unshift(await room(wide, wide, wide, wide));
    const seen: string[] = [];
    const rooms = Object.fromEntries(all.map((id) => [id, 1]));
    let cursor: string | null = null;
    let pages = 0;
    do {
      const frame = { epoch: epoch(), rooms, rest: 'none', ...(cursor !== null && { cursor }) };
      const answer: Json = await sync(frame);
      expect(JSON.stringify(answer).length).toBeLessThan(131_072 + 2048);
      for (const entry of answer['rooms']) {
        expect(seqs(entry)).toEqual([2, 3, 4, 5, 6].slice(0, entry.events.length));
        expect(entry.hasMore).toBe(entry.events.length < 5);
      }
      seen.push(...ids(answer));
      cursor = answer['nextCursor'];
      if (++pages === 1) await say(ann, String(all.at(-1)), 'news');
    } while (cursor !== null && pages < 20);
    expect(pages).toBeGreaterThan(2);
    expect(seen).toEqual(all);
  });

  it('keeps the newest events of a reset that its size cuts', async () => {
    const wide = 'x'.repeat(7000);
    const id = await room(...Array.from({ length: 24 }, () => wide));
    const { rooms } = await sync({ epoch: 'another', rooms: { [id]: 1 }, rest: 'none' });
    expect(rooms[0]).toMatchObject({ reset: true, hasMore: false });
    expect(seqs(rooms[0]).at(-1)).toBe(26);
    expect(seqs(rooms[0]).length).toBeLessThan(24);
  });

  it('gives 50 events where no limit is named, at most 200', async () => {
    const id = await room();
    await Promise.all(Array.from({ length: 210 }, (_, i) => say(ann, id, `${i}`)));
    const count = async (data: object): Promise<number> =>
      seqs((await sync({ epoch: epoch(), rooms: { [id]: 1 }, ...data }))['rooms'][0]).length;
    expect(await count({})).toBe(50);
    expect(await count({ limit: 1 })).toBe(1);
    expect(await count({ limit: 200 })).toBe(200);
    for (const limit of [0, 201, 1.5, '3'])
      expect(await pathsOf(bob, 'room.sync', { limit })).toEqual(['limit']);
  });

  it('refuses what is no request of its kind', async () => {
    for (const rooms of [
      [],
      'all',
      { [NOBODY]: -1 },
      { [NOBODY]: 1.5 },
      { [NOBODY]: '1' },
      { [NOBODY]: null },
    ])
      expect(await pathsOf(bob, 'room.sync', { rooms })).toEqual(['rooms']);
    expect(await pathsOf(bob, 'room.sync', { rest: 'some' })).toEqual(['rest']);
    expect(await pathsOf(bob, 'room.sync', { epoch: 7 })).toEqual(['epoch']);
    for (const data of [{ cursor: 'rubbish' }, { since: 'rubbish' }])
      expect(await failure(bob, 'room.sync', data)).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('misses nothing of what came while a client was away, joins and departures included', async () => {
    const [id, gone] = [await room('3'), await room('3')];
    const name = `bob${users}`;
    await bob.terminate();
    await say(ann, id, '4');
    const clientId = fresh();
    const edits = { roomId: id, text: '5', clientId };
    await ann.request('message.send', edits);
    await ann.request('message.send', edits);
    const added = await room('3');
    const back = await target.connect(name);
    await say(ann, id, '6');
    const answer = await sync({ epoch: epoch(), rooms: { [id]: 3, [gone]: 3 } }, back);
    expect(ids(answer)).toEqual([id, added]);
    expect(seqs(answer['rooms'][0])).toEqual([4, 5, 6]);
    const pushed = await back.next('room.event');
    expect(pushed).toMatchObject({ roomId: id, seq: 6 });
    expect(await codeOf(back, 'room.sync', { more: 1 })).toBe('VALIDATION_FAILED');
  });
});
