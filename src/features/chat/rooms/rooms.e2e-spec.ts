import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let eve: TestClient;
let ids: Readonly<Record<'ann' | 'bob' | 'carl' | 'eve', string>>;

beforeAll(async () => {
  server = await startServer({ env: { MAX_ANSWER_BYTES: '16384' } });
  [ann, bob, eve] = await Promise.all([server.connect('ann'), server.connect('bob'), server.connect('eve')]);
  const users = await Promise.all(['ann', 'bob', 'carl', 'eve'].map(async (name) => server.user(name)));
  ids = Object.fromEntries(users.map(({ username, id }) => [username, id])) as typeof ids;
});

afterAll(async () => server.close());

async function create(values: object = {}, client: TestClient = ann): Promise<Json> {
  const { room } = await client.request('room.create', { kind: 'group', memberIds: [ids.bob], ...values });
  return room as Json;
}

/** The code of a failure, and the paths of its details. */
async function failure(request: Promise<unknown>): Promise<unknown> {
  const error = await request.then(
    () => 'no failure',
    (reason: { code: string; details: { path: string }[] }) => reason,
  );
  if (typeof error === 'string') return error;
  return error.details.length === 0 ? error.code : [error.code, ...error.details.map(({ path }) => path)];
}

const NOWHERE = '0197f2a4-0000-7000-8000-000000000000';

describe('room.create', () => {
  it('returns the room as its owner sees it', async () => {
    const room = await create({ name: 'garden', topic: 'tea\nand cake' });
    expect(room).toEqual({
      id: expect.any(String),
      kind: 'group',
      name: 'garden',
      topic: 'tea\nand cake',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      archivedAt: null,
      head: 2,
      floor: 1,
      memberCount: 2,
      role: 'owner',
      readSeq: 1,
      unread: 0,
      mentions: 0,
      muted: false,
      lastMessage: null,
    });
  });

  it('tells every member, first of the room and then of their joining', async () => {
    const room = await create();
    const added = await bob.next('room.added', ({ room: { id } }) => id === room['id']);
    expect(added['room']).toMatchObject({ head: 2, role: 'member', readSeq: 2, unread: 0 });
    const event = await bob.next('room.event', ({ roomId }) => roomId === room['id']);
    expect(event).toMatchObject({ seq: 2, type: 'member.joined', actorId: ids.ann, userId: ids.bob });
  });

  it('returns the first room for a repeated clientId', async () => {
    const first = await create({ clientId: 'my room 1' });
    expect(await create({ clientId: 'my room 1', kind: 'channel', memberIds: [] })).toEqual(first);
    expect((await create({ clientId: 'my room 1' }, bob))['id']).not.toBe(first['id']);
  });

  it('has one direct room for two users', async () => {
    const room = await create({ kind: 'direct' });
    expect(room).toMatchObject({ kind: 'direct', memberCount: 2, role: 'owner' });
    expect([...(room['userIds'] as string[])].sort()).toEqual([ids.ann, ids.bob].sort());
    const again = await create({ kind: 'direct', memberIds: [ids.ann, ids.ann] }, bob);
    expect(again).toMatchObject({ id: room['id'], role: 'owner' });
  });

  it('makes two requests for one direct room find each other', async () => {
    const [one, other] = await Promise.all([
      create({ kind: 'direct', memberIds: [ids.eve] }),
      create({ kind: 'direct', memberIds: [ids.ann] }, eve),
    ]);
    expect(one?.['id']).toBe(other?.['id']);
  });

  it.each<[string, object, unknown]>([
    ['an unknown kind', { kind: 'secret' }, ['VALIDATION_FAILED', 'kind']],
    ['no kind', { kind: undefined }, ['VALIDATION_FAILED', 'kind']],
    ['an empty name', { name: '' }, ['VALIDATION_FAILED', 'name']],
    ['a name of 101 characters', { name: '🌳'.repeat(101) }, ['VALIDATION_FAILED', 'name']],
    ['a name with a line break', { name: 'a\nb' }, ['VALIDATION_FAILED', 'name']],
    ['a name with a lone surrogate', { name: 'a\ud800' }, ['VALIDATION_FAILED', 'name']],
    ['null for a name', { name: null }, ['VALIDATION_FAILED', 'name']],
    ['a topic of 501 characters', { topic: 'x'.repeat(501) }, ['VALIDATION_FAILED', 'topic']],
    ['a short clientId', { clientId: '1234567' }, ['VALIDATION_FAILED', 'clientId']],
    ['a long clientId', { clientId: 'x'.repeat(65) }, ['VALIDATION_FAILED', 'clientId']],
    ['101 members', { memberIds: Array(101).fill(NOWHERE) }, ['VALIDATION_FAILED', 'memberIds']],
    ['members that are no list', { memberIds: { length: 1 } }, ['VALIDATION_FAILED', 'memberIds']],
    ['a member that is no text', { memberIds: [7] }, ['VALIDATION_FAILED', 'memberIds']],
    ['a direct room for one', { kind: 'direct', memberIds: [] }, ['VALIDATION_FAILED', 'memberIds']],
    ['an unknown member', { memberIds: [NOWHERE] }, 'NOT_FOUND'],
    ['an unknown property', { color: 'red' }, ['VALIDATION_FAILED', 'color']],
  ])('refuses %s', async (_, values, expected) => {
    const request = ann.request('room.create', { kind: 'group', ...values });
    const outcome = await failure(request);
    expect([outcome].flat().slice(0, 2)).toEqual([expected].flat());
  });

  it('takes a name of 100 characters that are two code units each', async () => {
    expect(await create({ name: '🌳'.repeat(100) })).toMatchObject({ name: '🌳'.repeat(100) });
  });

  it('refuses a direct room with oneself', async () => {
    expect(await failure(create({ kind: 'direct', memberIds: [ids.ann] }))).toEqual([
      'VALIDATION_FAILED',
      'memberIds',
    ]);
  });
});

describe('room.get', () => {
  it('shows a group to members only', async () => {
    const { id: roomId } = await create();
    await expect(bob.request('room.get', { roomId })).resolves.toMatchObject({ room: { role: 'member' } });
    const hidden = await eve.request('room.get', { roomId }).catch((error: { data: unknown }) => error.data);
    const absent = await eve
      .request('room.get', { roomId: NOWHERE })
      .catch((error: { data: unknown }) => error.data);
    expect(hidden).toEqual(absent);
    expect(hidden).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('shows of a channel what anyone may know', async () => {
    const { id: roomId } = await create({ kind: 'channel', name: 'square' });
    const { room } = await eve.request('room.get', { roomId });
    expect(room).toMatchObject({ id: roomId, kind: 'channel', name: 'square', memberCount: 2 });
    expect(Object.keys(room as Json)).not.toEqual(expect.arrayContaining(['lastMessage']));
  });

  it.each([[''], [7], [null], ['a\u0000b'], [['x']], ['x'.repeat(65)]])(
    'refuses %j as a room',
    async (roomId) => {
      expect(await failure(ann.request('room.get', { roomId }))).toEqual(['VALIDATION_FAILED', 'roomId']);
    },
  );
});

describe('room.join and room.leave', () => {
  it('lets a user into a channel and out again', async () => {
    const { id: roomId } = await create({ kind: 'channel' });
    const { room } = await eve.request('room.join', { roomId });
    expect(room).toMatchObject({ head: 3, memberCount: 3, role: 'member', readSeq: 3 });
    await eve.next('room.added', (data) => data['room'].id === roomId);
    await expect(eve.request('room.join', { roomId })).resolves.toMatchObject({ room: { head: 3 } });
    await expect(eve.request('room.leave', { roomId })).resolves.toEqual({});
    expect(await eve.next('room.removed', (data) => data['roomId'] === roomId)).toEqual({
      roomId,
      reason: 'left',
    });
    await expect(eve.request('room.leave', { roomId })).resolves.toEqual({});
    await expect(ann.request('room.get', { roomId })).resolves.toMatchObject({ room: { head: 4 } });
  });

  it('hands over what an owner leaves', async () => {
    const { id: roomId } = await create();
    await ann.request('room.leave', { roomId });
    const role = await bob.next(
      'room.event',
      (data) => data['roomId'] === roomId && data['type'] === 'member.role',
    );
    expect(role).toMatchObject({ actorId: ids.ann, userId: ids.bob, role: 'owner' });
    await expect(bob.request('room.get', { roomId })).resolves.toMatchObject({ room: { role: 'owner' } });
    expect(await failure(ann.request('room.get', { roomId }))).toBe('NOT_FOUND');
  });

  it('keeps strangers out of groups, and both in a direct room', async () => {
    const { id: groupId } = await create();
    const { id: directId } = await create({ kind: 'direct' });
    expect(await failure(eve.request('room.join', { roomId: groupId }))).toBe('NOT_FOUND');
    expect(await failure(eve.request('room.leave', { roomId: groupId }))).toBe('NOT_FOUND');
    expect(await failure(eve.request('room.leave', { roomId: directId }))).toBe('NOT_FOUND');
    expect(await failure(ann.request('room.leave', { roomId: directId }))).toBe('FORBIDDEN');
    expect(await failure(ann.request('room.join', { roomId: NOWHERE }))).toBe('NOT_FOUND');
  });
});

describe('room.add', () => {
  it('adds known users who are not there yet', async () => {
    const { id: roomId } = await create();
    const userIds = [ids.bob, ids.eve, ids.eve, NOWHERE];
    await expect(bob.request('room.add', { roomId, userIds })).resolves.toEqual({ added: [ids.eve] });
    await expect(bob.request('room.add', { roomId, userIds })).resolves.toEqual({ added: [] });
  });

  it('is for members of groups, and admins of channels', async () => {
    const [group, channel, direct] = [
      await create(),
      await create({ kind: 'channel' }),
      await create({ kind: 'direct' }),
    ];
    const add = async (client: TestClient, roomId: unknown) =>
      failure(client.request('room.add', { roomId, userIds: [ids.carl] }));
    expect(await add(eve, group?.['id'])).toBe('NOT_FOUND');
    expect(await add(eve, channel?.['id'])).toBe('FORBIDDEN');
    expect(await add(bob, channel?.['id'])).toBe('FORBIDDEN');
    expect(await add(ann, channel?.['id'])).toBe('no failure');
    expect(await add(ann, direct?.['id'])).toBe('FORBIDDEN');
    expect(await add(eve, direct?.['id'])).toBe('NOT_FOUND');
  });

  it('refuses no users, and too many', async () => {
    const { id: roomId } = await create();
    for (const userIds of [[], Array(101).fill(NOWHERE), 'bob', undefined]) {
      const outcome = await failure(ann.request('room.add', { roomId, userIds }));
      expect([outcome].flat().slice(0, 2)).toEqual(['VALIDATION_FAILED', 'userIds']);
    }
  });
});

describe('room.members', () => {
  it('gives pages, the longest-standing first', async () => {
    const { id: roomId } = await create({ memberIds: [ids.bob, ids.carl] });
    const first = await bob.request('room.members', { roomId, limit: 2 });
    expect(first['members']).toEqual([
      {
        user: expect.objectContaining({ id: ids.ann, username: 'ann' }),
        role: 'owner',
        joinedAt: expect.any(String),
      },
      { user: expect.objectContaining({ id: ids.bob }), role: 'member', joinedAt: expect.any(String) },
    ]);
    const second = await bob.request('room.members', { roomId, limit: 2, cursor: first['nextCursor'] });
    expect(second).toMatchObject({ members: [{ user: { id: ids.carl } }], nextCursor: null });
  });

  it('is for members only', async () => {
    const [group, channel] = [await create(), await create({ kind: 'channel' })];
    for (const room of [group, channel, { id: NOWHERE }]) {
      expect(await failure(eve.request('room.members', { roomId: room?.['id'] }))).toBe('NOT_FOUND');
    }
  });

  it.each([
    ['limit', 0],
    ['limit', 101],
    ['limit', 1.5],
    ['limit', null],
    ['cursor', 'nonsense'],
    ['cursor', 7],
  ])('refuses the %s %j', async (property, value) => {
    const { id: roomId } = await create();
    const outcome = await failure(ann.request('room.members', { roomId, [property]: value }));
    expect([outcome].flat().slice(0, 2)).toEqual(['VALIDATION_FAILED', property]);
  });
});

describe('room.list', () => {
  /** All pages of the client's rooms. */
  async function roomIds(
    client: TestClient,
    limit: number,
    between?: () => Promise<void>,
  ): Promise<string[]> {
    const found: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await client.request('room.list', { limit, ...(cursor && { cursor }) });
      found.push(...(page['rooms'] as Json[]).map(({ id }) => String(id)));
      if (page['nextCursor'] === null) return found;
      cursor = String(page['nextCursor']);
      await between?.();
    }
  }

  it('gives the rooms last active first, in pages', async () => {
    const dan = await server.connect('dan');
    const made: string[] = [];
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      made.unshift(String((await create({ name, memberIds: [] }, dan))['id']));
    }
    expect(await roomIds(dan, 2)).toEqual(made);
    const [, , , second = ''] = made;
    await dan.request('message.send', { roomId: second, text: 'up', clientId: 'bring-it-up' });
    const expected = [second, ...made.filter((id) => id !== second)];
    expect(await roomIds(dan, 5)).toEqual(expected);
    expect(await roomIds(dan, 100)).toEqual(expected);
  });

  it('neither skips nor repeats a room that becomes active between two pages', async () => {
    const flo = await server.connect('flo');
    const made: string[] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      made.unshift(String((await create({ name, memberIds: [] }, flo))['id']));
    }
    let count = 0;
    const found = await roomIds(flo, 1, async () => {
      count += 1;
      const clientId = `activity-${count}`;
      await flo.request('message.send', { roomId: made.at(-1), text: 'active', clientId });
    });
    expect(found).toEqual(made);
  });

  it('is empty for a newcomer', async () => {
    const gil = await server.connect('gil');
    await expect(gil.request('room.list')).resolves.toEqual({ rooms: [], nextCursor: null });
  });

  it('ends a page at the largest answer', async () => {
    const hal = await server.connect('hal');
    for (const clientId of ['large-1-1', 'large-2-2', 'large-3-3']) {
      const { id: roomId } = await create({ memberIds: [] }, hal);
      await hal.request('message.send', { roomId, clientId, text: '☃'.repeat(3000) });
    }
    const page = await hal.request('room.list');
    expect(page['rooms']).toHaveLength(1);
    expect(await roomIds(hal, 50)).toHaveLength(3);
  });

  it("refuses another list's cursor", async () => {
    const { id: roomId } = await create();
    const { nextCursor } = await ann.request('room.members', { roomId, limit: 1 });
    expect(await failure(ann.request('room.list', { cursor: nextCursor }))).toEqual([
      'VALIDATION_FAILED',
      'cursor',
    ]);
  });
});
