import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestServer } from 'parley/testing';
import { FORM_TYPE, formBody } from '../../src/features/chat/attachments/testing.js';
import { REQUESTS } from '../conformance/validation/requests.js';
import { exchange as ask, newWorld, quickServer, type World } from '../conformance/validation/world.js';
import { exchange } from '../support/raw-request.js';

/**
 * Far above what any of these costs (a millisecond or two), and far below what a backtracking pattern takes for 60,000
 * characters (seconds). Time of the processor, so that a busy machine changes nothing.
 */
const MOST_CPU_MS = 400;

const ALPHABET = [
  'a',
  '@',
  '[',
  '(',
  '{',
  '"',
  '\\',
  ' ',
  '\n',
  '/',
  '.',
  '-',
  ',',
  '=',
  '%',
  '@a',
  '@a ',
  'a@',
  'a.',
  '([{',
  '"*"',
  'é',
  'e\u0301',
  '\u0301',
  '👩‍💻',
  '🇩🇪',
  '東',
];
const CHARACTERS = [60_000, 8000, 64];

/** Each sign as often as it fits, to be stopped at the end, where a pattern that fails begins to go back. */
const FRAME_TEXTS = ALPHABET.flatMap((sign) => CHARACTERS.map((count) => fitting(sign, count)));

function fitting(sign: string, most: number): string {
  const bytes = Math.max(JSON.stringify(sign).length - 2, Buffer.byteLength(sign));
  return `${sign.repeat(Math.floor((most - 1) / Math.max(bytes, 1)))}!`;
}

async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

let server: TestServer;
let world: World;
let port: number;
let bearer: { readonly Authorization: string };

beforeAll(async () => {
  server = await quickServer();
  world = await newWorld(server);
  port = Number(new URL(server.url).port);
  bearer = { Authorization: `Bearer ${world.accessToken}` };
});
afterAll(async () => {
  expect(server.logs.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  await server.close();
});

/** What costs too much, as `[what, milliseconds]`. A first excess may be the collector's; a second one is not. */
async function excesses(
  texts: readonly string[],
  send: (text: string) => Promise<unknown>,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const text of texts) {
    if ((await cpuMsOf(() => send(text))) < MOST_CPU_MS) continue;
    const again = await cpuMsOf(() => send(text));
    if (again >= MOST_CPU_MS) found.push([text.slice(0, 8), text.length, again]);
  }
  return found;
}

describe('no pattern goes back and forth over what is sent (T20)', () => {
  const withFields = Object.entries(REQUESTS).filter(([, { fields }]) => Object.keys(fields).length > 0);

  it.each(withFields)(
    '%s',
    async (event, { data, fields }) => {
      for (const name of Object.keys(fields)) {
        const send = async (text: string): Promise<unknown> =>
          await ask(world.client, event, JSON.stringify({ ...data(world), [name]: text }));
        expect([name, await excesses(FRAME_TEXTS, send)]).toEqual([name, []]);
      }
    },
    60_000,
  );

  it.each(['[', '{"a":', '[{"a":', '[[],'])('a frame of %s', async (nested) => {
    const send = async (raw: string): Promise<unknown> => await ask(world.client, 'room.create', raw);
    const raw = `"${nested.replaceAll('"', '\\"').repeat(8000)}"`;
    expect(await excesses([raw], send)).toEqual([]);
    const open = nested.repeat(Math.floor(60_000 / nested.length));
    const cost = await cpuMsOf(async () => {
      world.client.ws.send(open);
      await world.client.request('auth.whoami', {});
    });
    expect(cost).toBeLessThan(MOST_CPU_MS);
  });

  it.each([
    ['/auth/register', 'username'],
    ['/auth/register', 'displayName'],
    ['/auth/login', 'username'],
    ['/auth/login', 'password'],
    ['/auth/refresh', 'refreshToken'],
  ])('%s with %s', async (path, field) => {
    const least = { username: 'nobody-at-all', password: 'a long password' };
    const body = path === '/auth/refresh' ? {} : least;
    const texts = FRAME_TEXTS.filter((text) => text.length > 8000);
    const send = async (text: string): Promise<unknown> =>
      await server.http.post(path, { ...body, [field]: text });
    expect(await excesses(texts, send)).toEqual([]);
  });

  const HEADER_TEXTS = [
    'a',
    ',',
    ';',
    ' ',
    '=',
    '"',
    '.',
    '/',
    '%',
    '(',
    '-',
    'a,',
    'a;a=',
    '1.1.1.1,',
    'bytes=0-,',
    'permessage-deflate;',
    'permessage-deflate;a="',
    'chat ,',
  ].map((sign) => `${sign.repeat(Math.floor(15_000 / sign.length))}\u007e`);

  it.each([
    'Authorization',
    'Origin',
    'Host',
    'Connection',
    'Upgrade',
    'X-Forwarded-For',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Version',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
    'Cookie',
    'User-Agent',
    'traceparent',
    'tracestate',
  ])('an upgrade with %s', async (name) => {
    const send = async (text: string): Promise<unknown> =>
      await exchange(port, { headers: { ...bearer, [name]: text } });
    expect(await excesses(HEADER_TEXTS, send)).toEqual([]);
  });

  it.each([
    'Authorization',
    'Origin',
    'Content-Type',
    'Accept',
    'Range',
    'If-Range',
    'If-None-Match',
    'Expect',
    'Host',
    'Access-Control-Request-Headers',
  ])('a call with %s', async (name) => {
    const send = async (text: string): Promise<unknown> => {
      const headers = { ...bearer, Upgrade: null, Connection: 'close', 'Content-Length': '0', [name]: text };
      for (const [method, target] of [
        ['GET', `/attachments/${world.roomId}`],
        ['POST', '/auth/login'],
        ['OPTIONS', '/auth/login'],
      ] as const)
        await exchange(port, { method, target, headers });
      return undefined;
    };
    expect(await excesses(HEADER_TEXTS, send)).toEqual([]);
  });

  it('an address', async () => {
    const send = async (text: string): Promise<unknown> => {
      const path = text.replaceAll(/[ "~]/g, '');
      for (const target of [
        `/${path}`,
        `/attachments/${path}`,
        `/ws?${path}`,
        `/attachments/x?signature=${path}`,
        `/health/live?${path}`,
      ])
        await exchange(port, { target, headers: { Upgrade: null, Connection: 'close' } });
      return undefined;
    };
    const signs = ['%2e%2e/', '../', '&', 'a&', '[', 'a[', '&a=', '%', '%25'].map((sign) =>
      sign.repeat(Math.floor(14_000 / sign.length)),
    );
    expect(await excesses([...HEADER_TEXTS, ...signs], send)).toEqual([]);
  });

  it('the names of a form', async () => {
    const send = async (text: string): Promise<unknown> => {
      const body = formBody([
        { name: 'roomId', content: text },
        { name: 'file', filename: text, content: 'x' },
      ]);
      const headers = { 'content-type': FORM_TYPE, authorization: bearer.Authorization };
      return await fetch(`${server.url}/attachments`, { method: 'POST', body, headers }).then((answer) =>
        answer.text(),
      );
    };
    expect(
      await excesses(
        FRAME_TEXTS.filter((text) => text.length > 7000),
        send,
      ),
    ).toEqual([]);
  });
});

/** What breaks out of the SQL of others. */
const QUOTES = ["'", '"', '`', '\\', "\\'", '%27', "''", '\u02bc', '\uff07', ';', '--', '/*', '*/', '#'];
const TAILS = [
  '',
  ' OR 1=1',
  ' OR 1=1 --',
  ' UNION SELECT password FROM auth_users --',
  '; DROP TABLE auth_users; --',
  ') OR (1=1',
  ' AND sleep(5)',
  ' LIKE %',
  ' ORDER BY 99',
  ' COLLATE NOCASE',
  ' GLOB *',
  " || (SELECT 'x')",
  ' LIMIT 0 OFFSET 1',
  ' MATCH *',
  ' NEAR(a b)',
];
const INJECTIONS = QUOTES.flatMap((quote) => TAILS.map((tail) => `a${quote}${tail}`));

describe('no text becomes part of a query (T45)', () => {
  const EVENTS: readonly (readonly [string, (text: string, world: World) => object])[] = [
    ['message.search', (query) => ({ query })],
    ['message.search', (senderId) => ({ query: 'hi', senderId })],
    ['user.find', (query) => ({ query })],
    ['user.get', (text) => ({ userIds: [text], usernames: [text] })],
    ['room.discover', (query) => ({ query })],
    ['room.list', (cursor) => ({ cursor })],
    ['room.members', (cursor, { roomId }) => ({ roomId, cursor })],
    ['message.search', (cursor) => ({ query: 'hi', cursor })],
    ['user.find', (cursor) => ({ query: 'ann', cursor })],
    ['room.sync', (since) => ({ since })],
    ['room.get', (roomId) => ({ roomId: roomId.slice(0, 64) })],
    ['presence.get', (text) => ({ userIds: [text.slice(0, 64)] })],
  ];

  it(`has ${INJECTIONS.length} of them`, () => expect(INJECTIONS.length).toBeGreaterThanOrEqual(200));

  it.each(EVENTS)('%s', async (event, dataOf) => {
    const before = await ask(world.client, 'message.search', '{"query":"hi"}');
    for (const text of INJECTIONS) {
      const answer = await ask(world.client, event, JSON.stringify(dataOf(text, world)));
      const code = answer['event'] === 'exception' ? String(answer['data'].code) : 'answered';
      expect([text, code]).toEqual([text, expect.stringMatching(/^(answered|VALIDATION_FAILED|NOT_FOUND)$/)]);
      if (code === 'answered') expect(JSON.stringify(answer['data'])).not.toContain('$argon2');
    }
    expect((await ask(world.client, 'message.search', '{"query":"hi"}'))['data']).toEqual(before['data']);
  });
});
