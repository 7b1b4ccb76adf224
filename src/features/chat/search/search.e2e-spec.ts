import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

let server: TestServer;
let ann: TestClient;
let bob: TestClient;
let eve: TestClient;
let annId: string;
let bobId: string;
let roomId: string;
let lastId = 0;

beforeAll(async () => {
  server = await startServer({
    env: { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0', MAX_ANSWER_BYTES: '65536' },
  });
  [ann, bob, eve] = await Promise.all([server.connect('ann'), server.connect('bob'), server.connect('eve')]);
  [annId, bobId] = [(await server.user('ann')).id, (await server.user('bob')).id];
});

afterAll(async () => server.close());

/** A group of ann and bob. */
beforeEach(async () => {
  const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobId] });
  roomId = room.id;
});

async function send(text: string, values: object = {}, client: TestClient = ann): Promise<Json> {
  lastId += 1;
  const sending = { roomId, text, clientId: `search-client-${lastId}`, ...values };
  const { message } = await client.request('message.send', sending);
  return message as Json;
}

interface Answer {
  readonly hits: readonly { readonly message: Json; readonly snippet: string }[];
  readonly nextCursor: string | null;
}

async function search(query: string, values: object = {}, client: TestClient = ann): Promise<Answer> {
  return (await client.request('message.search', { query, ...values })) as unknown as Answer;
}

async function seqs(query: string, values: object = {}, client: TestClient = ann): Promise<unknown[]> {
  const { hits } = await search(query, { roomId, ...values }, client);
  return hits.map(({ message }) => message['seq']);
}

async function failure(request: Promise<unknown>): Promise<unknown> {
  const error = await request.then(
    () => 'no failure',
    (reason: { code: string; details: { path: string }[] }) => reason,
  );
  if (typeof error === 'string') return error;
  return error.details.length === 0 ? error.code : [error.code, ...error.details.map(({ path }) => path)];
}

describe('message.search', () => {
  it('answers messages as message.get does, with what stands around the words', async () => {
    const sent = await send('Die Grüße kamen gestern an');
    await bob.request('message.react', { roomId, seq: sent['seq'], emoji: '👍' });
    const { hits, nextCursor } = await search('grusse gest');
    const { message } = await ann.request('message.get', { roomId, seq: sent['seq'] });
    expect([hits, nextCursor]).toEqual([[{ message, snippet: 'Die Grüße kamen gestern an' }], null]);
  });

  it('finds replies of threads', async () => {
    const root = await send('root');
    const reply = await send('a marsupial', { threadSeq: root['seq'] }, bob);
    expect(await seqs('marsupial')).toEqual([reply['seq']]);
  });

  it('ranks what has the words more often and in shorter texts first, then the newer', async () => {
    const long = await send(`gecko ${'and much else '.repeat(20)}`);
    const first = await send('gecko');
    const twice = await send('gecko gecko');
    const second = await send('gecko');
    const beginning = await send('geckos');
    expect(await seqs('gecko')).toEqual([twice, second, first, beginning, long].map(({ seq }) => seq));
  });

  it('finds in the rooms of the caller only', async () => {
    const sent = await send('bandicoot');
    expect((await search('bandicoot', {}, bob)).hits).toHaveLength(1);
    expect(await search('bandicoot', {}, eve)).toEqual({ hits: [], nextCursor: null });
    await bob.request('room.leave', { roomId });
    expect(await search('bandicoot', {}, bob)).toEqual({ hits: [], nextCursor: null });
    expect(await failure(search('bandicoot', { roomId }, bob))).toBe('NOT_FOUND');
    await ann.request('room.add', { roomId, userIds: [bobId] });
    expect(await seqs('bandicoot', {}, bob)).toEqual([sent['seq']]);
  });

  it('answers alike for a foreign room, for a channel of others and for none', async () => {
    const { room } = await ann.request('room.create', { kind: 'channel' });
    const answers = await Promise.all(
      [roomId, room.id, 'nowhere'].map(async (id) => failure(search('hello', { roomId: id }, eve))),
    );
    expect(answers).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
  });

  it('takes one room or one sender', async () => {
    const [own, other] = [await send('echidna'), await send('echidna', {}, bob)];
    expect(await seqs('echidna', { senderId: bobId })).toEqual([other['seq']]);
    expect(await seqs('echidna', { senderId: annId })).toEqual([own['seq']]);
    expect(await seqs('echidna', { senderId: 'nobody' })).toEqual([]);
    const { room } = await ann.request('room.create', { kind: 'group' });
    expect(await seqs('echidna', { roomId: room.id })).toEqual([]);
  });

  it('follows edits and deletions at once', async () => {
    const sent = await send('platypus');
    await ann.request('message.edit', { roomId, seq: sent['seq'], text: 'cassowary' });
    expect([await seqs('platypus'), await seqs('cassowary')]).toEqual([[], [sent['seq']]]);
    await ann.request('message.delete', { roomId, seq: sent['seq'] });
    expect(await seqs('cassowary')).toEqual([]);
  });

  it('goes on with a cursor, whatever is written meanwhile', async () => {
    const sent: unknown[] = [];
    for (let count = 0; count < 25; count += 1)
      sent.push((await send(`kakapo ${'x '.repeat(count % 4)}`))['seq']);
    const whole = await seqs('kakapo', { limit: 100 });
    const found: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await search('kakapo', { roomId, limit: 4, ...(cursor !== undefined && { cursor }) });
      expect(page.hits.length).toBeLessThanOrEqual(4);
      found.push(...page.hits.map(({ message }) => message['seq']));
      await send('kakapo kakapo');
      await send('kakapo and so on and so on');
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(found).toEqual(whole);
    expect(found.toSorted((one, other) => Number(one) - Number(other))).toEqual(sent);
  });

  it('gives 20 hits unless it is told otherwise', async () => {
    await Promise.all(Array.from({ length: 25 }, async () => send('takahe')));
    expect(await seqs('takahe')).toHaveLength(20);
    expect(await seqs('takahe', { limit: 100 })).toHaveLength(25);
  });

  it('ends at the largest answer, with one hit at least', async () => {
    for (let count = 0; count < 4; count += 1) await send(`weka ${'☃'.repeat(7900)}`);
    const first = await search('weka', { roomId });
    const second = await search('weka', { roomId, cursor: first.nextCursor });
    expect([first.hits.length, second.hits.length, second.nextCursor]).toEqual([2, 2, null]);
  });

  it('goes on beyond one window of matches', async () => {
    const many = Array.from({ length: 1100 }, async (_, index) =>
      send(`morepork ${index % 3 === 0 ? 'owl' : ''}`),
    );
    await Promise.all(many);
    const found = new Set<unknown>();
    let cursor: string | undefined;
    let hits = 0;
    do {
      const page = await search('morepork', { roomId, limit: 100, ...(cursor !== undefined && { cursor }) });
      for (const { message } of page.hits) found.add(message['seq']);
      hits += page.hits.length;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect([found.size, hits]).toEqual([1100, 1100]);
  });

  it('takes 200 code points, and line breaks', async () => {
    const sent = await send('🌳'.repeat(200));
    expect(await seqs('🌳'.repeat(200))).toEqual([sent['seq']]);
    expect(await seqs('🌳\n\t🌳')).toEqual([sent['seq']]);
  });

  it.each<[string, object, string]>([
    ['no query', { query: undefined }, 'query'],
    ['an empty query', { query: '' }, 'query'],
    ['a query of 201 characters', { query: '🌳'.repeat(201) }, 'query'],
    ['a query that is no text', { query: ['a'] }, 'query'],
    ['a control character', { query: 'a\u0007b' }, 'query'],
    ['a lone surrogate', { query: 'a\udc00b' }, 'query'],
    ['a roomId that is no text', { roomId: 1 }, 'roomId'],
    ['a senderId of null', { senderId: null }, 'senderId'],
    ['a limit of 0', { limit: 0 }, 'limit'],
    ['a limit of 101', { limit: 101 }, 'limit'],
    ['a cursor that is none', { cursor: 'x' }, 'cursor'],
    ['a cursor of another request', { cursor: Buffer.from('[1]').toString('base64url') }, 'cursor'],
    ['an empty cursor', { cursor: '' }, 'cursor'],
    ['a long cursor', { cursor: 'x'.repeat(501) }, 'cursor'],
    ['an unknown property', { from: 'eve' }, 'from'],
  ])('refuses %s', async (_, values, path) => {
    const outcome = await failure(search('hello', values));
    expect([outcome].flat().slice(0, 2)).toEqual(['VALIDATION_FAILED', path]);
  });

  it.each(
    [
      [-1, -1, -1, -1],
      [0, 0, 0, 0],
      [2 ** 53 - 1, 1, 2 ** 53 - 1, 2 ** 53 - 1],
    ].map((parts) => [parts]),
  )('refuses the made-up cursor %j', async (parts) => {
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
    await expect(search('kea', { roomId, cursor })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

/** What breaks queries elsewhere: FTS5's syntax, SQL's, signs, scripts and their mixtures. */
const PIECES = [
  '"',
  '""',
  "'",
  "''",
  '"a',
  'a"',
  '" OR "',
  '*',
  'a*',
  '**',
  '(',
  ')',
  '()',
  '((',
  'a)',
  ':',
  'words:',
  'room:',
  '{',
  '}',
  '{words}:',
  '{room} : "1"',
  '-',
  '-a',
  '- a',
  '+',
  'a + b',
  '^',
  '^a',
  'NEAR',
  'NEAR(',
  'NEAR(a b, 5)',
  'NEAR/3',
  'AND',
  'OR',
  'NOT',
  'a AND',
  'AND a',
  'NOT a',
  'a NOT b',
  'AND AND',
  'or not',
  '\\',
  '\\"',
  '%',
  '_',
  '?',
  '?1',
  '$1',
  ':a',
  '@a',
  '#',
  ';',
  '--',
  '/*',
  '*/',
  "'; drop table messages; --",
  "' or 1=1 --",
  '1=1',
  'search_words',
  'rowid',
  'rank',
  'null',
  '.',
  ',',
  '!',
  '…',
  '«»',
  '¿',
  '·',
  '。',
  '、',
  '「',
  '」',
  '・',
  'ー',
  '々',
  '東',
  '東京*',
  '"東京"',
  'ｱ',
  '한',
  'ㅎ',
  'สวัสดี*',
  'שלום',
  '\u200fשלום',
  '\u202eabc',
  '\u2066x\u2069',
  'مرحبا"',
  '\u0640',
  'ा',
  'का',
  '\u0301',
  'é\u0301\u0301',
  '👍',
  '👍🏽',
  '👩‍💻',
  '🇩🇪',
  '🇩',
  '1️⃣',
  '❤️',
  '\ufe0f',
  '\u200d',
  '\u200b',
  '\u00a0',
  '\ufeff',
  '\ufffd',
  '\u{10ffff}',
  '𝔘𝔫𝔦',
  'ﷺ',
  'ß',
  'İ',
  'ς',
  '½',
];

const STRANGE = [
  ...PIECES,
  ...PIECES.slice(0, 60).map((piece) => `${piece} hello`),
  ...PIECES.slice(0, 60).map((piece) => `hel${piece}`),
];

describe('any query (T45)', () => {
  it(`is safe: ${STRANGE.length} strange ones`, async () => {
    expect(STRANGE.length).toBeGreaterThan(200);
    await send('hello');
    const outcomes = await Promise.all(
      STRANGE.map(async (query) => [query, await failure(search(query, { roomId }))] as const),
    );
    expect(outcomes.filter(([, outcome]) => outcome !== 'no failure')).toEqual([]);
    await expect(search('hello', { roomId })).resolves.toMatchObject({ hits: [{ snippet: 'hello' }] });
  });

  it('finds itself when it has letters, digits or pictures', async () => {
    const { room } = await ann.request('room.create', { kind: 'group' });
    const clean = STRANGE.filter((query) => /[\p{L}\p{N}]|\p{Extended_Pictographic}/u.test(query));
    const sent = await Promise.all(clean.map(async (text) => (await send(text, { roomId: room.id }))['seq']));
    const missed = await Promise.all(
      clean.map(async (query, index) => {
        const found = await seqs(query, { roomId: room.id, limit: 100 });
        return found.includes(sent[index]) || found.length === 100 ? [] : [query];
      }),
    );
    expect(missed.flat()).toEqual(clean.filter((query) => query === '\u0640'));
  });

  it('finds nothing by signs alone', async () => {
    await send('… !? "');
    expect(await search('… !?')).toEqual({ hits: [], nextCursor: null });
  });
});
