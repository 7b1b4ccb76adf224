import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let eve: TestClient;

beforeAll(async () => {
  server = await startServer({ env: { MAX_ANSWER_BYTES: '16384', RATE_FRAMES_PER_S: '0' } });
  [ann, eve] = await Promise.all([server.connect('ann'), server.connect('eve')]);
});

afterAll(async () => server.close());

async function create(values: object): Promise<string> {
  const { room } = await ann.request('room.create', { kind: 'channel', ...values });
  return String((room as Json)['id']);
}

/** All channels that a request finds, page by page. */
async function pages(request: object, client = eve): Promise<Json[][]> {
  const found: Json[][] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.request('room.discover', { ...request, ...(cursor && { cursor }) });
    found.push(page['rooms'] as Json[]);
    if (page['nextCursor'] === null) return found;
    cursor = String(page['nextCursor']);
  }
}

const names = async (request: object, client = eve) =>
  (await pages(request, client)).flat().map(({ name }) => name);

describe('room.discover', () => {
  it('finds channels by the beginning of their names, and of their words', async () => {
    for (const name of [
      'Tea Garden',
      'tea',
      'Garden tools',
      'Über Gärten',
      'ΟΔΟΣ',
      '茶 会',
      '🌳 trees',
      '#c++',
    ])
      await create({ name });
    await create({ kind: 'group', name: 'tea party' });
    expect(await names({ query: 'tea' })).toEqual(['tea', 'Tea Garden']);
    expect(await names({ query: 'GARD' })).toEqual(['Garden tools', 'Tea Garden']);
    expect(await names({ query: 'gard te' })).toEqual(['Tea Garden']);
    expect(await names({ query: 'tea gardens' })).toEqual([]);
    expect(await names({ query: 'arden' })).toEqual([]);
    expect(await names({ query: 'gärt' })).toEqual(['Über Gärten']);
    expect(await names({ query: 'οδος' })).toEqual(['ΟΔΟΣ']);
    expect(await names({ query: '会' })).toEqual(['茶 会']);
    expect(await names({ query: '🌳' })).toEqual(['🌳 trees']);
    expect(await names({ query: '#c' })).toEqual(['#c++']);
  });

  it.each(['%', '_', "'", '"', '*', 'a%', "' or 1=1 --", '\u{10ffff}', '\ud7ff'])(
    'takes %j for what it is',
    async (query) => {
      expect(await names({ query })).toEqual([]);
    },
  );

  it('shows what anyone sees, and to members their own part', async () => {
    const id = await create({ name: 'parts of it' });
    const [theirs] = (await pages({ query: 'parts' })).flat();
    expect(theirs).toEqual({
      id,
      kind: 'channel',
      name: 'parts of it',
      topic: null,
      createdAt: expect.any(String),
      archivedAt: null,
      head: 1,
      floor: 1,
      memberCount: 1,
    });
    const [mine] = (await pages({ query: 'parts' }, ann)).flat();
    expect(mine).toMatchObject({ id, role: 'owner', readSeq: 1, unread: 0, muted: false });
  });

  it('follows another name, and an archive', async () => {
    const roomId = await create({ name: 'before it' });
    await ann.request('room.update', { roomId, name: 'after it' });
    expect(await names({ query: 'before' })).toEqual([]);
    expect(await names({ query: 'after' })).toEqual(['after it']);
    await ann.request('room.archive', { roomId });
    expect(await names({ query: 'after' })).toEqual([]);
    expect(await names({ query: 'after' }, ann)).toEqual([]);
  });

  it('gives pages in the order of names, whatever comes between', async () => {
    for (const name of ['page c', 'page a', 'page b', 'page b']) await create({ name });
    const first = await eve.request('room.discover', { query: 'page', limit: 2 });
    expect((first['rooms'] as Json[]).map(({ name }) => name)).toEqual(['page a', 'page b']);
    await create({ name: 'page 0' });
    const second = await eve.request('room.discover', {
      query: 'page',
      limit: 2,
      cursor: first['nextCursor'],
    });
    expect((second['rooms'] as Json[]).map(({ name }) => name)).toEqual(['page b', 'page c']);
    expect(second['nextCursor']).toBeNull();
  });

  it('ends a page at the largest answer', async () => {
    for (let count = 0; count < 12; count += 1) await create({ name: 'large', topic: '☃'.repeat(500) });
    const found = await pages({ query: 'large', limit: 100 });
    expect(found.length).toBeGreaterThan(1);
    expect(new Set(found.flat().map(({ id }) => id)).size).toBe(12);
  });

  it('takes the cursor of the longest name', async () => {
    for (const last of ['a', 'b']) await create({ name: `${'𝔘'.repeat(99)}${last}` });
    expect(await names({ query: 'uuu', limit: 1 })).toHaveLength(2);
    for (const last of ['a', 'b']) await create({ name: `${'🌳'.repeat(99)}${last}` });
    expect(await names({ query: '🌳🌳', limit: 1 })).toHaveLength(2);
  });

  it('gives every channel without a query', async () => {
    await create({});
    const all = await names({ limit: 7 });
    expect(all[0]).toBeNull();
    expect(all).toContain('Tea Garden');
    expect(await names({ query: ' ', limit: 100 })).toEqual(all);
  });

  it.each([
    ['query', ''],
    ['query', 'x'.repeat(201)],
    ['query', 'a\ud800'],
    ['query', null],
    ['limit', 0],
    ['limit', 101],
    ['cursor', 'nonsense'],
    ['cursor', 7],
    ['kind', 'group'],
  ])('refuses the %s %j', async (path, value) => {
    const failed = await eve
      .request('room.discover', { [path]: value })
      .catch((error: { data: Json }) => error.data);
    expect(failed).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: expect.arrayContaining([expect.objectContaining({ path })]),
    });
  });
});
