import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Json,
  RequestFailed,
  startServer,
  type TestClient,
  type TestServer,
} from '../../testing/index.js';

const NOBODY = '0197f2a4-0000-7000-8000-000000000000';

let server: TestServer;
let ann: TestClient;
let ben: TestClient;

const userOf = (client: TestClient): Json => client.ready['user'] as Json;
const idOf = (client: TestClient): string => String(userOf(client)['id']);

/** The code of a failure, and the paths of its details. */
async function failureOf(request: Promise<unknown>): Promise<string[]> {
  const failure = await request.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestFailed);
  const { code, details } = failure as RequestFailed;
  return [code, ...new Set(details.map(({ path }) => path))];
}

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', MAX_ANSWER_BYTES: '4096' } });
  [ann, ben] = [await server.connect('ann'), await server.connect('ben')];
}, 30_000);
afterAll(async () => server.close());

describe('user.find', () => {
  async function find(query: string, more: object = {}): Promise<Json> {
    return await ann.request('user.find', { query, ...more });
  }

  it('finds by the beginning of the username, and by that of the display name, in any case', async () => {
    const zoe = await server.connect('finder-zoe');
    await zoe.request('user.update', { displayName: 'Ｚoë Ämilia' });
    const { user } = await zoe.request('user.update');
    for (const query of ['finder-z', 'FINDER-ZOE', 'zoë', 'ZOË ä']) {
      expect(await find(query)).toEqual({ users: [user], nextCursor: null });
    }
    expect(await find('oë')).toEqual({ users: [], nextCursor: null });
  });

  it('does not find by a name of before', async () => {
    const client = await server.connect('finder-renamed');
    await client.request('user.update', { displayName: 'Former Name' });
    await client.request('user.update', { displayName: 'Latter Name' });
    expect((await find('former n'))['users']).toEqual([]);
    expect((await find('latter n'))['users']).toHaveLength(1);
  });

  it('gives 50 users unless asked for fewer or more, as many as fit an answer, and goes on', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `page-${String(index).padStart(3, '0')}`);
    await Promise.all(names.map(async (name) => server.user(name)));
    const found: unknown[] = [];
    let pages = 0;
    for (let cursor: unknown; cursor !== null; pages += 1) {
      const { users, nextCursor } = await find('page-', { limit: 40, ...(pages > 0 && { cursor }) });
      found.push(...(users as Json[]).map(({ username }) => username));
      cursor = nextCursor;
    }
    expect(found).toEqual(names);
    expect(pages).toBeGreaterThan(2);
    expect((await find('page-', { limit: 3 }))['users']).toHaveLength(3);
  });

  it.each<[object, string]>([
    [{}, 'query'],
    [{ query: '' }, 'query'],
    [{ query: 'x'.repeat(201) }, 'query'],
    [{ query: '\ud800' }, 'query'],
    [{ query: ['a'] }, 'query'],
    [{ query: 'a', limit: 0 }, 'limit'],
    [{ query: 'a', limit: 201 }, 'limit'],
    [{ query: 'a', limit: '5' }, 'limit'],
    [{ query: 'a', cursor: null }, 'cursor'],
    [{ query: 'a', cursor: '' }, 'cursor'],
    [{ query: 'a', cursor: 'nonsense' }, 'cursor'],
    [{ query: 'a', username: 'a' }, 'username'],
  ])('refuses %j', async (data, path) => {
    expect(await failureOf(ann.request('user.find', data))).toEqual(['VALIDATION_FAILED', path]);
  });

  it('takes the longest query, and what no name can hold', async () => {
    for (const query of ['ﷺ'.repeat(200), '\u0000', 'a\u0000', '%']) {
      expect(await find(query)).toEqual({ users: [], nextCursor: null });
    }
  });
});

describe('user.find where the directory is exact', () => {
  it('is forbidden, while exact names are found', async () => {
    const closed = await startServer({ env: { USER_DIRECTORY: 'exact' } });
    try {
      const client = await closed.connect('ann');
      expect(await failureOf(client.request('user.find', { query: 'ann' }))).toEqual(['FORBIDDEN']);
      expect(await client.request('user.get', { usernames: ['ann'] })).toEqual({ users: [userOf(client)] });
    } finally {
      await closed.close();
    }
  });
});

describe('user.update', () => {
  it('changes the display name for everyone who asks', async () => {
    const client = await server.connect('updater');
    const before = userOf(client);
    const { user } = await client.request('user.update', { displayName: ' Ａda 👩‍🚀 ' });
    expect(user).toEqual({ ...before, displayName: ' Ada 👩‍🚀 ', updatedAt: expect.any(String) });
    expect(String((user as Json)['updatedAt']) > String(before['updatedAt'])).toBe(true);
    expect(await ann.request('user.get', { usernames: ['updater'] })).toEqual({ users: [user] });
    expect(await client.request('auth.whoami')).toMatchObject({ user });
  });

  it('changes nothing by the same name, and by none', async () => {
    const client = await server.connect('updater-same');
    const { user } = await client.request('user.update', { displayName: 'Same' });
    expect(await client.request('user.update', { displayName: 'Ｓame' })).toEqual({ user });
    expect(await client.request('user.update')).toEqual({ user });
  });

  it.each<[object, string]>([
    [{ displayName: '' }, 'displayName'],
    [{ displayName: '   ' }, 'displayName'],
    [{ displayName: 'x'.repeat(65) }, 'displayName'],
    [{ displayName: 'a\u200bb' }, 'displayName'],
    [{ displayName: 'a\u202eb' }, 'displayName'],
    [{ displayName: 'a\nb' }, 'displayName'],
    [{ displayName: null }, 'displayName'],
    [{ username: 'other' }, 'username'],
    [{ userId: NOBODY, displayName: 'x' }, 'userId'],
  ])('refuses %j', async (data, path) => {
    expect(await failureOf(ann.request('user.update', data))).toEqual(['VALIDATION_FAILED', path]);
  });
});

describe('user.block', () => {
  async function blocked(client: TestClient): Promise<unknown> {
    return await client.request('user.blocks');
  }

  it('is listed until user.unblock, once and for the blocker only', async () => {
    const eve = await server.connect('blocked-eve');
    expect(await blocked(ann)).toEqual({ users: [] });
    for (const client of [ben, eve, ben]) {
      expect(await ann.request('user.block', { userId: idOf(client) })).toEqual({});
    }
    expect(await blocked(ann)).toEqual({ users: [userOf(ben), userOf(eve)] });
    expect(await blocked(ben)).toEqual({ users: [] });
    for (const client of [ben, ben, eve]) {
      expect(await ann.request('user.unblock', { userId: idOf(client) })).toEqual({});
    }
    expect(await blocked(ann)).toEqual({ users: [] });
  });

  it('lists many in parts that fit an answer', async () => {
    const users = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => server.user(`many-blocked-${index}`)),
    );
    for (const { id } of users) await ben.request('user.block', { userId: id });
    const found: unknown[] = [];
    let parts = 0;
    for (let cursor: unknown; parts === 0 || cursor !== undefined; parts += 1) {
      const part = await ben.request('user.blocks', cursor === undefined ? {} : { cursor });
      found.push(...(part['users'] as Json[]).map(({ id }) => id));
      cursor = part['nextCursor'];
    }
    expect(parts).toBeGreaterThan(1);
    expect(found).toEqual(users.map(({ id }) => id).toSorted((one, other) => (one < other ? -1 : 1)));
    expect(await failureOf(ben.request('user.blocks', { cursor: 'nonsense' }))).toEqual([
      'VALIDATION_FAILED',
      'cursor',
    ]);
  });

  it.each(['user.block', 'user.unblock'])('%s refuses oneself and those who do not exist', async (event) => {
    expect(await failureOf(ann.request(event, { userId: idOf(ann) }))).toEqual([
      'VALIDATION_FAILED',
      'userId',
    ]);
    for (const userId of [NOBODY, 'ü']) {
      expect(await failureOf(ann.request(event, { userId }))).toEqual(['NOT_FOUND']);
    }
  });

  it.each([{}, { userId: '' }, { userId: 'x'.repeat(65) }, { userId: 7 }, { userId: null }])(
    'refuses %j',
    async (data) => {
      for (const event of ['user.block', 'user.unblock']) {
        expect(await failureOf(ann.request(event, data))).toEqual(['VALIDATION_FAILED', 'userId']);
      }
    },
  );
});
