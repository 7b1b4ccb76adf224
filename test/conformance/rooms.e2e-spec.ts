import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
  SHAPES,
} from './contract.js';

describe('rooms', () => {
  let service: Service;
  let target: TestTarget;
  let ann: TestClient;
  let bob: TestClient;
  let cat: TestClient;
  let ids: Record<'ann' | 'bob' | 'cat' | 'dan', string>;

  beforeAll(async () => {
    service = await serve();
    target = service.process;
    [ann, bob, cat] = [await target.connect('ann'), await target.connect('bob'), await target.connect('cat')];
    const idOf = async (name: string): Promise<string> => (await target.user(name)).id;
    ids = { ann: await idOf('ann'), bob: await idOf('bob'), cat: await idOf('cat'), dan: await idOf('dan') };
  });
  afterAll(() => service.stop());

  const join = async (client: TestClient, room: Json): Promise<Json> =>
    (await client.request('room.join', { roomId: room['id'] }))['room'] as Json;
  const get = async (client: TestClient, roomId: unknown): Promise<Json> =>
    (await client.request('room.get', { roomId }))['room'] as Json;
  const rolesOf = async (client: TestClient, roomId: unknown): Promise<Json> => {
    const { members } = await client.request('room.members', { roomId });
    return Object.fromEntries(members.map((one: Json) => [one['user'].username, one['role']]));
  };

  describe('are created', () => {
    it('as groups, with their creator as the owner', async () => {
      const room = await createRoom(ann, {
        kind: 'group',
        name: 'garden',
        topic: 'roses',
        memberIds: [ids.bob],
      });
      expectShape(room, 'room');
      expect(room).toEqual({
        id: expect.any(String),
        kind: 'group',
        name: 'garden',
        topic: 'roses',
        createdAt: expect.stringMatching(ISO_TIME),
        archivedAt: null,
        head: 2,
        floor: 1,
        memberCount: 2,
        role: 'owner',
        readSeq: expect.any(Number),
        unread: 0,
        mentions: 0,
        muted: false,
        lastMessage: null,
      });
      expect(await rolesOf(bob, room['id'])).toEqual({ ann: 'owner', bob: 'member' });
    });

    it('as channels, which anyone joins', async () => {
      const room = await createRoom(ann, { kind: 'channel', name: 'news' });
      expect(room).toMatchObject({ kind: 'channel', head: 1, memberCount: 1, role: 'owner', readSeq: 1 });
      const joined = await join(bob, room);
      expectShape(joined, 'room');
      expect(joined).toMatchObject({
        id: room['id'],
        head: 2,
        memberCount: 2,
        role: 'member',
        readSeq: 2,
        unread: 0,
      });
      expect(await join(bob, room)).toEqual(joined);
    });

    it('as direct rooms, one for two', async () => {
      const room = await createRoom(ann, { kind: 'direct', memberIds: [ids.bob] });
      expect(Object.keys(room).toSorted()).toEqual([...SHAPES.room, 'userIds'].toSorted());
      expect(room).toMatchObject({ kind: 'direct', memberCount: 2, role: 'owner' });
      expect(room['userIds'].toSorted()).toEqual([ids.ann, ids.bob].toSorted());
      const again = await createRoom(bob, { kind: 'direct', memberIds: [ids.ann] });
      expect(again).toMatchObject({ id: room['id'], role: 'owner' });
      const both = await Promise.all([
        createRoom(cat, { kind: 'direct', memberIds: [ids.bob] }),
        createRoom(bob, { kind: 'direct', memberIds: [ids.cat] }),
      ]);
      expect(both[0]['id']).toBe(both[1]['id']);
      expect(await rolesOf(ann, room['id'])).toEqual({ ann: 'owner', bob: 'owner' });
    });

    it('once for a clientId, also when two come together', async () => {
      const data = { kind: 'group', name: 'once', clientId: fresh(), memberIds: [ids.bob] };
      const [first, second] = await Promise.all([createRoom(ann, data), createRoom(ann, data)]);
      expect(second['id']).toBe(first['id']);
      const elsewhere = await target.connect('ann');
      expect((await createRoom(elsewhere, data))['id']).toBe(first['id']);
      expect((await createRoom(bob, data))['id']).not.toBe(first['id']);
      await elsewhere.close();
    });

    it('with a name of 1–100 and a topic of 0–500 characters', async () => {
      for (const data of [
        { name: 'x' },
        { name: '𝄞'.repeat(100) },
        { topic: '' },
        { topic: '𝄞'.repeat(500) },
      ])
        expect(await createRoom(ann, { kind: 'group', ...data })).toMatchObject(data);
      for (const name of ['', 'x'.repeat(101), '𝄞'.repeat(101), 'a\ud800', 7, null])
        expect(await pathsOf(ann, 'room.create', { kind: 'group', name })).toEqual(['name']);
      for (const topic of ['x'.repeat(501), '𝄞'.repeat(501), 'a\ud800', 7])
        expect(await pathsOf(ann, 'room.create', { kind: 'group', topic })).toEqual(['topic']);
    });

    it('with a clientId of 8–64 characters', async () => {
      for (const clientId of ['12345678', '𝄞'.repeat(64)]) await createRoom(ann, { kind: 'group', clientId });
      for (const clientId of ['1234567', '𝄞'.repeat(65), 'x'.repeat(65), 'x-\ud800-lonely', 12345678])
        expect(await pathsOf(ann, 'room.create', { kind: 'group', clientId })).toEqual(['clientId']);
    });

    it('with at most 100 members who all exist', async () => {
      const many = Array.from({ length: 101 }, (_, i) => `nobody-${i}`);
      expect(await pathsOf(ann, 'room.create', { kind: 'group', memberIds: many })).toEqual(['memberIds']);
      expect(await codeOf(ann, 'room.create', { kind: 'group', memberIds: many.slice(1) })).toBe('NOT_FOUND');
      for (const memberIds of [[ids.bob, NOBODY], ['no id']])
        expect(await codeOf(ann, 'room.create', { kind: 'group', memberIds })).toBe('NOT_FOUND');
      const room = await createRoom(ann, { kind: 'group', memberIds: [ids.bob, ids.ann, ids.bob] });
      expect(room).toMatchObject({ memberCount: 2 });
    });

    it('with exactly one other in a direct room', async () => {
      for (const memberIds of [undefined, [], [ids.ann], [ids.bob, ids.cat], [ids.bob, ids.ann, ids.cat]])
        expect(await codeOf(ann, 'room.create', { kind: 'direct', memberIds })).toBe('VALIDATION_FAILED');
      expect(await codeOf(ann, 'room.create', { kind: 'direct', memberIds: [NOBODY] })).toBe('NOT_FOUND');
    });

    it('of no other kind', async () => {
      for (const kind of [undefined, 'party', 7])
        expect(await pathsOf(ann, 'room.create', { kind })).toEqual(['kind']);
    });
  });

  describe('are pushed', () => {
    it('to whoever becomes a member, and then their own member.joined with the seq of the head', async () => {
      const mine = await target.connect('dan');
      const room = await createRoom(ann, { kind: 'group', name: 'pushed', memberIds: [ids.bob] });
      const { added } = await bob.request('room.add', { roomId: room['id'], userIds: [ids.dan] });
      expect(added).toEqual([ids.dan]);
      const [first, second] = [await mine.nextFrame('room.added'), await mine.nextFrame('room.event')];
      expect(Object.keys(first).toSorted()).toEqual(['data', 'event']);
      expect(Object.keys(first.data)).toEqual(['room']);
      const { room: given } = first.data;
      expectShape(given, 'room');
      expect(given).toMatchObject({
        id: room['id'],
        head: 3,
        memberCount: 3,
        role: 'member',
        readSeq: 3,
        unread: 0,
      });
      expectShape(second.data, 'memberEvent');
      expect(second.data).toEqual({
        roomId: room['id'],
        seq: 3,
        type: 'member.joined',
        actorId: ids.bob,
        at: expect.stringMatching(ISO_TIME),
        userId: ids.dan,
        role: 'member',
      });
      await mine.expectSilence();
      await mine.close();
    });

    it('to the creator’s other connections too, each event to all', async () => {
      const other = await target.connect('ann');
      const room = await createRoom(ann, { kind: 'channel', name: 'events' });
      const roomId = String(room['id']);
      for (const client of [ann, other]) {
        const added = await client.next('room.added', (data) => data['room'].id === roomId);
        expect(added['room']).toEqual(room);
        await client.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === 1);
      }
      await join(bob, room);
      const seen = await Promise.all(
        [ann, other, bob].map((client) =>
          client.next('room.event', (data) => data['roomId'] === roomId && data['seq'] === 2),
        ),
      );
      expect(seen[0]).toMatchObject({ type: 'member.joined', userId: ids.bob, actorId: ids.bob });
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[2]).toEqual(seen[0]);
      await other.close();
    });

    it('to whoever leaves as removed, after their own member.left and nothing after', async () => {
      const [room, dan] = [await createRoom(ann, { kind: 'channel' }), await target.connect('dan')];
      const roomId = String(room['id']);
      await join(dan, room);
      await expect(dan.request('room.leave', { roomId })).resolves.toEqual({});
      await say(ann, roomId, 'after');
      await dan.expectSilence('none');
      const frames = dan
        .waiting()
        .filter(({ data }) => data['room']?.id === roomId || data['roomId'] === roomId);
      expect(frames.map(({ event, data }) => data['type'] ?? event)).toEqual([
        'room.added',
        'member.joined',
        'member.left',
        'room.removed',
      ]);
      expectShape(frames[2]?.data, 'memberEvent');
      expect(frames[2]?.data).toMatchObject({ seq: 3, userId: ids.dan, actorId: ids.dan, role: 'member' });
      expect(frames[3]).toEqual({ event: 'room.removed', data: { roomId, reason: 'left' } });
      await dan.close();
    });
  });

  describe('are left', () => {
    it('to the longest-standing member by an owner', async () => {
      const room = await createRoom(ann, { kind: 'channel' });
      const roomId = String(room['id']);
      await join(cat, room);
      await join(bob, room);
      await ann.request('room.leave', { roomId });
      expect(await rolesOf(bob, roomId)).toEqual({ cat: 'owner', bob: 'member' });
      await cat.request('room.leave', { roomId });
      expect(await get(bob, roomId)).toMatchObject({ role: 'owner', memberCount: 1 });
      await bob.request('room.leave', { roomId });
      expect(await get(bob, roomId)).toMatchObject({ memberCount: 0 });
      expect(await join(bob, room)).toMatchObject({ memberCount: 1 });
    });

    it('never when they are direct, which fixes their members', async () => {
      const roomId = (await createRoom(ann, { kind: 'direct', memberIds: [ids.bob] }))['id'];
      expect(await codeOf(ann, 'room.leave', { roomId })).toBe('FORBIDDEN');
      expect(await codeOf(ann, 'room.add', { roomId, userIds: [ids.cat] })).toBe('FORBIDDEN');
    });
  });

  describe('have members', () => {
    it('in pages, each with the user, the role and the time', async () => {
      const room = await createRoom(ann, { kind: 'group', memberIds: [ids.bob, ids.cat, ids.dan] });
      const roomId = room['id'];
      const all = await bob.request('room.members', { roomId });
      expect(Object.keys(all).toSorted()).toEqual(['members', 'nextCursor']);
      expect(all['nextCursor']).toBeNull();
      for (const member of all['members']) {
        expect(Object.keys(member).toSorted()).toEqual(['joinedAt', 'role', 'user']);
        expectShape(member.user, 'user');
        expect(member.joinedAt).toMatch(ISO_TIME);
      }
      const first = await bob.request('room.members', { roomId, limit: 3 });
      expect(first).toEqual({ members: all['members'].slice(0, 3), nextCursor: expect.any(String) });
      const second = await bob.request('room.members', { roomId, limit: 3, cursor: first['nextCursor'] });
      expect(second).toEqual({ members: all['members'].slice(3), nextCursor: null });
      for (const limit of [0, -1, 1.5, '3', 100_000])
        expect(await pathsOf(bob, 'room.members', { roomId, limit })).toEqual(['limit']);
      expect(await codeOf(bob, 'room.members', { roomId, cursor: 'rubbish' })).toBe('VALIDATION_FAILED');
    });

    it('whom members of a group and admins of a channel add, known ones, once', async () => {
      const group = await createRoom(ann, { kind: 'group', memberIds: [ids.bob] });
      const add = async (client: TestClient, room: Json, userIds: unknown[]): Promise<Json> =>
        client.request('room.add', { roomId: room['id'], userIds });
      expect(await add(bob, group, [ids.cat, NOBODY, 'no id', ids.ann, ids.cat])).toEqual({
        added: [ids.cat],
      });
      const head = (await get(ann, group['id']))['head'];
      expect(await add(bob, group, [ids.cat])).toEqual({ added: [] });
      expect((await get(ann, group['id']))['head']).toBe(head);
      const channel = await createRoom(ann, { kind: 'channel' });
      await join(bob, channel);
      expect(await add(ann, channel, [ids.cat])).toEqual({ added: [ids.cat] });
      const refused = { roomId: channel['id'], userIds: [ids.dan] };
      expect(await codeOf(bob, 'room.add', refused)).toBe('FORBIDDEN');
      const many = Array.from({ length: 101 }, (_, i) => `nobody-${i}`);
      expect(await pathsOf(ann, 'room.add', { roomId: group['id'], userIds: many })).toEqual(['userIds']);
      expect(await add(ann, group, many.slice(1))).toEqual({ added: [] });
    });
  });

  describe('are hidden', () => {
    const requests: [string, (roomId: string) => object][] = [
      ['room.get', (roomId) => ({ roomId })],
      ['room.join', (roomId) => ({ roomId })],
      ['room.leave', (roomId) => ({ roomId })],
      ['room.add', (roomId) => ({ roomId, userIds: [ids.dan] })],
      ['room.members', (roomId) => ({ roomId })],
      ['message.send', (roomId) => ({ roomId, text: 'hi', clientId: 'client-0' })],
      ['message.history', (roomId) => ({ roomId })],
      ['message.get', (roomId) => ({ roomId, seq: 1 })],
      ['message.read', (roomId) => ({ roomId, seq: 1 })],
    ];

    it.each(requests)('from strangers by %s, as if they did not exist', async (event, data) => {
      const room = await createRoom(ann, { kind: 'group', memberIds: [ids.bob] });
      const left = await createRoom(ann, { kind: 'group', memberIds: [ids.cat] });
      await cat.request('room.leave', { roomId: left['id'] });
      const direct = await createRoom(ann, { kind: 'direct', memberIds: [ids.bob] });
      const unknown = await failure(cat, event, data(NOBODY));
      expect(unknown).toMatchObject({ code: 'NOT_FOUND' });
      for (const { id } of [room, left, direct] as { id: string }[])
        expect(await failure(cat, event, data(id))).toEqual(unknown);
      expect(await failure(cat, event, data('no id at all'))).toEqual(unknown);
    });

    it('from none when they are channels, but for history, members and log', async () => {
      const room = await createRoom(ann, { kind: 'channel', name: 'open', topic: 'to all' });
      const roomId = String(room['id']);
      await say(ann, roomId, 'for members only');
      const seen = await get(cat, roomId);
      expect(seen).toMatchObject({ id: roomId, name: 'open', topic: 'to all', memberCount: 1 });
      expect(JSON.stringify(seen)).not.toContain('for members only');
      for (const [event, data] of requests) {
        if (event === 'room.get' || event === 'room.join') continue;
        const isWrite = ['message.send', 'room.add'].includes(event);
        if (event === 'room.leave' || event === 'message.read') continue;
        expect([event, await codeOf(cat, event, data(roomId))]).toEqual([
          event,
          isWrite ? 'FORBIDDEN' : 'NOT_FOUND',
        ]);
      }
    });
  });

  describe('are listed', () => {
    it('last active first, in pages, the caller’s only', async () => {
      const lister = await target.connect('eve');
      const rooms: Json[] = [];
      for (const name of ['a', 'b', 'c', 'd']) rooms.push(await createRoom(lister, { kind: 'group', name }));
      await createRoom(ann, { kind: 'channel', name: 'not hers' });
      await say(lister, String(rooms[1]?.['id']), 'wake up');
      const all = await lister.request('room.list');
      expect(Object.keys(all).toSorted()).toEqual(['nextCursor', 'rooms']);
      expect(all['rooms'].map((room: Json) => room['name'])).toEqual(['b', 'd', 'c', 'a']);
      for (const room of all['rooms']) expectShape(room, 'room');
      expectShape(all['rooms'][0].lastMessage, 'message');
      const pages: Json[] = [];
      let cursor: string | undefined;
      do {
        const page: Json = await lister.request('room.list', { limit: 3, ...(cursor && { cursor }) });
        pages.push(...page['rooms']);
        cursor = page['nextCursor'];
      } while (cursor);
      expect(pages).toEqual(all['rooms']);
      for (const limit of [0, -1, 1.5, '3'])
        expect(await pathsOf(ann, 'room.list', { limit })).toEqual(['limit']);
      expect(await codeOf(ann, 'room.list', { cursor: 'rubbish' })).toBe('VALIDATION_FAILED');
    });
  });
});
