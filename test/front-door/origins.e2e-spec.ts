import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from 'parley/testing';
import { exchange, type RawRequest } from '../support/raw-request.js';

const LISTED = 'https://app.example.com';

/** What is no listed origin, however much it looks like one. */
const FOREIGN: readonly (readonly [string, string | readonly string[]])[] = [
  ['a suffix', 'https://app.example.com.evil.test'],
  ['a path', 'https://evil.test/app.example.com'],
  ['a user', 'https://app.example.com@evil.test'],
  ['a query', 'https://evil.test?https://app.example.com'],
  ['a prefix', 'https://evil-app.example.com'],
  ['a subdomain', 'https://x.app.example.com'],
  ['the domain above', 'https://example.com'],
  ['another scheme', 'http://app.example.com'],
  ['another port', 'https://app.example.com:8443'],
  ['upper case', 'HTTPS://APP.EXAMPLE.COM'],
  ['some upper case', 'https://App.example.com'],
  ['a trailing slash', 'https://app.example.com/'],
  ['a trailing dot', 'https://app.example.com.'],
  ['a trailing space and more', 'https://app.example.com x'],
  ['a tab', 'https://app.example\t.com'],
  ['null', 'null'],
  ['nothing', ''],
  ['a wildcard', '*'],
  ['a list', `${LISTED}, https://evil.test`],
  ['two headers', [LISTED, 'https://evil.test']],
  ['two headers, the other first', ['https://evil.test', LISTED]],
  ['two headers alike', [LISTED, LISTED]],
  ['no scheme', 'app.example.com'],
  ['a file', 'file://'],
  ['an extension', 'chrome-extension://app.example.com'],
  ['a socket', 'wss://app.example.com'],
  ['the host of the service on another port', 'http://parley.test:1'],
];

let server: TestServer;
let port: number;
let token: string;

beforeAll(async () => {
  server = await startServer({ env: { ALLOWED_ORIGINS: `${LISTED},capacitor://localhost` } });
  port = Number(new URL(server.url).port);
  token = (await server.user('ann')).accessToken;
});
afterAll(() => server.close());

const call = (request: RawRequest) =>
  exchange(port, {
    ...request,
    headers: {
      Authorization: `Bearer ${token}`,
      Upgrade: null,
      Connection: 'close',
      'X-User': null,
      ...request.headers,
    },
  });
const ticket = (Origin: string | readonly string[]) =>
  call({ method: 'POST', target: '/auth/ticket', headers: { Origin, 'Content-Length': '0' } });

describe('an origin that is not listed (T01)', () => {
  it.each(FOREIGN)('%s: opens no connection, takes no ticket, and reads no answer', async (_, Origin) => {
    const headers = { Origin, Authorization: `Bearer ${token}`, 'X-User': null };
    expect(await exchange(port, { headers })).toMatchObject({
      status: 403,
      body: expect.stringContaining('"ORIGIN_NOT_ALLOWED"'),
    });
    expect(await ticket(Origin)).toMatchObject({
      status: 403,
      body: expect.stringContaining('"ORIGIN_NOT_ALLOWED"'),
    });
    const read = await call({ target: '/auth/me', headers: { Origin } });
    expect(
      Object.keys(read.headers).filter((name) => name.startsWith('access-control-allow-origin')),
    ).toEqual([]);
    const preflight = await call({
      method: 'OPTIONS',
      target: '/auth/login',
      headers: { Origin, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('an origin that is listed (T01)', () => {
  it.each([LISTED, 'capacitor://localhost'])(
    '%s: connects, takes tickets, and reads what it may',
    async (Origin) => {
      const headers = { Origin, Authorization: `Bearer ${token}`, 'X-User': null };
      expect((await exchange(port, { headers })).status).toBe(101);
      const taken = await ticket(Origin);
      expect(taken).toMatchObject({
        status: 201,
        headers: {
          'access-control-allow-origin': Origin,
          'access-control-expose-headers': 'Retry-After',
          vary: expect.stringContaining('Origin'),
        },
      });
      expect(taken.headers['access-control-allow-credentials']).toBeUndefined();
    },
  );

  it('is told which methods and headers it may use, and nothing of others', async () => {
    const preflight = await call({
      method: 'OPTIONS',
      target: '/attachments',
      headers: {
        Origin: LISTED,
        'Access-Control-Request-Method': 'DELETE',
        'Access-Control-Request-Headers': 'x-evil',
      },
    });
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': LISTED,
        'access-control-allow-methods': 'GET,HEAD,POST',
        'access-control-allow-headers': 'Authorization,Content-Type',
      },
    });
  });
});

it('a cookie is no credential, for whomever (T01)', async () => {
  const headers = {
    Authorization: null,
    Cookie: `access_token=${token}; token=${token}; Authorization=Bearer ${token}`,
  };
  expect((await exchange(port, { headers: { ...headers, 'X-User': null } })).status).toBe(401);
  expect((await call({ target: '/auth/me', headers })).status).toBe(401);
});
