import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from 'parley/testing';
import { createRoom } from '../conformance/contract.js';
import { exchange } from '../support/raw-request.js';

const ORIGIN = 'https://app.example.com';

const EVERY_ANSWER = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** What would tell of the software, or let a page in that is not listed. */
const NO_ANSWER = [
  'x-powered-by',
  'server',
  'etag',
  'set-cookie',
  'access-control-allow-credentials',
  'strict-transport-security',
];

type Fields = Readonly<Record<string, string>>;

let server: TestServer;
let port: number;
let bearer: Fields;

beforeAll(async () => {
  server = await startServer({ env: { ALLOWED_ORIGINS: ORIGIN } });
  port = Number(new URL(server.url).port);
  bearer = { authorization: `Bearer ${(await server.user('ann')).accessToken}` };
});
afterAll(() => server.close());

async function fetched(path: string, init: RequestInit = {}): Promise<{ status: number; headers: Fields }> {
  const { status, headers } = await fetch(new URL(path, server.url), init);
  return { status, headers: Object.fromEntries(headers) };
}

const json = (body: object, headers: Fields = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

const account = { username: 'bob', password: "bob's password" };

describe('every answer over HTTP (T39)', () => {
  it.each<[string, number, () => Promise<{ status: number; headers: Fields }>]>([
    ['to a probe', 200, () => fetched('/health/live')],
    ['to a registration', 201, () => fetched('/auth/register', json(account))],
    ['to a login', 200, () => fetched('/auth/login', json(account))],
    ['to a wrong password', 401, () => fetched('/auth/login', json({ ...account, password: 'x'.repeat(9) }))],
    ['with a ticket', 201, () => fetched('/auth/ticket', json({}, bearer))],
    [
      'to a preflight',
      204,
      () =>
        fetched('/auth/login', {
          method: 'OPTIONS',
          headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
        }),
    ],
    ['to nobody', 401, () => fetched('/auth/me')],
    ['from nowhere', 404, () => fetched('/nowhere')],
    ['to a body that is none', 400, () => fetched('/auth/login', { ...json({}), body: '{' })],
    ['to a body that is too large', 413, () => fetched('/auth/login', json({ text: 'x'.repeat(70_000) }))],
    ['to a plain request of a gateway', 400, () => fetched('/ws')],
    ['to an upgrade elsewhere', 404, () => exchange(port, { target: '/nowhere' })],
    [
      'to an upgrade that is malformed',
      400,
      () => exchange(port, { headers: { 'Sec-WebSocket-Key': null } }),
    ],
    [
      'to an upgrade of a foreign page',
      403,
      () => exchange(port, { headers: { Origin: 'https://evil.test' } }),
    ],
    ['to an upgrade without a credential', 401, () => exchange(port)],
    [
      'to headers that are too large',
      431,
      () => exchange(port, { headers: { 'X-Long': 'x'.repeat(20_000) } }),
    ],
    ['to no request', 400, () => exchange(port, { method: 'NO SUCH' })],
  ])('%s has the headers of the house', async (_, status, ask) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(EVERY_ANSWER);
    expect(Object.keys(answer.headers).filter((name) => NO_ANSWER.includes(name))).toEqual([]);
  });

  it('may be kept where there is nothing private in it', async () => {
    const { headers } = await fetched('/.well-known/jwks.json');
    expect(headers).toMatchObject({ ...EVERY_ANSWER, 'cache-control': 'public, max-age=300' });
  });

  it('with a file lets pages show what was signed for them, and nothing run (T39, T43)', async () => {
    const ann = await server.connect('ann');
    const room = await createRoom(ann, { kind: 'group', name: 'files', memberIds: [] });
    const form = new FormData();
    form.set('roomId', String(room['id']));
    form.set('file', new File(['<svg onload="alert(1)"/>'], 'picture.svg'));
    const uploaded = await fetch(new URL('/attachments', server.url), {
      method: 'POST',
      body: form,
      headers: bearer,
    });
    const { attachment } = (await uploaded.json()) as { attachment: { id: string } };
    const own = await fetched(`/attachments/${attachment.id}`, { headers: bearer });
    const sandboxed = {
      ...EVERY_ANSWER,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    };
    expect(own.headers).toMatchObject({
      ...sandboxed,
      'content-disposition': expect.stringMatching(/^attachment/),
    });
    const { body } = await server.http.post(`/attachments/${attachment.id}/url`, {}, { headers: bearer });
    const signed = await fetched(String(body['url']));
    expect(signed.headers).toMatchObject({
      ...sandboxed,
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'private, max-age=300',
      'content-disposition': expect.stringMatching(/^attachment/),
    });
  });
});

describe('what no HTTP/1.1 server understands (T10)', () => {
  async function answerTo(text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }

  it.each([
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0',
    'GET /health/live HTTP/3.0\r\nHost: x\r\n\r\n',
    'GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003',
    '\0'.repeat(64),
  ])('%j is refused once, and the socket closed', async (text) => {
    const answer = await answerTo(text);
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('an upgrade over HTTP/1.0 is refused', async () => {
    expect(await exchange(port, { version: '1.0', headers: bearer })).toMatchObject({ status: 400 });
  });

  it('an upgrade to HTTP/2 is refused or passed over', async () => {
    const upgrade =
      'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n';
    expect(await answerTo(upgrade)).toMatch(/^HTTP\/1\.1 (200|404) /);
  });
});
