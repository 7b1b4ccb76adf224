import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, ManualClock, UpgradeRefused, type OpenOptions, type TestTarget } from 'parley/testing';
import { exchange, type RawRequest, type RawResponse } from '../support/raw-request.js';
import { onOneNode } from '../support/one-node.js';
import { expectShape, serve, type Service } from './contract.js';

describe('opening a connection', () => {
  let service: Service;
  let target: TestTarget;
  let token: string;
  let port: number;

  beforeAll(async () => {
    service = await serve({ ALLOWED_ORIGINS: 'https://app.example,http://other.example:8080' });
    target = service.process;
    token = (await target.user('ann')).accessToken;
    port = Number(new URL(target.url).port);
  });
  afterAll(() => service.stop());

  const bearer = (): { Authorization: string } => ({ Authorization: `Bearer ${token}` });
  const ticket = async (): Promise<string> => {
    const { status, body } = await target.http.post('/auth/ticket', {}, { token });
    expect(status).toBe(201);
    return String(body['ticket']);
  };
  const upgrade = async (request: RawRequest = {}): Promise<RawResponse> => {
    const response = await exchange(port, { ...request, headers: { 'X-User': null, ...request.headers } });
    if (response.status !== 101) expectRefusal(response);
    return response;
  };
  const status = async (headers: RawRequest['headers'] & object, target = '/ws'): Promise<number> =>
    (await upgrade({ target, headers })).status;
  const codeOf = async (request: RawRequest): Promise<string> => {
    const response = await upgrade(request);
    return `${response.status} ${String((JSON.parse(response.body) as { code: string }).code)}`;
  };

  describe('the steps', () => {
    it('opens for a well-formed handshake with a credential', async () => {
      const response = await upgrade({ headers: bearer() });
      expect(response.status).toBe(101);
      expect(response.headers).toMatchObject({ 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' });
    });

    it('refuses another path first', async () => {
      expect(await codeOf({ target: '/nowhere', headers: { 'Sec-WebSocket-Version': '8' } })).toBe(
        '404 NOT_FOUND',
      );
      expect(await codeOf({ target: '/ws/deeper', headers: bearer() })).toBe('404 NOT_FOUND');
      expect(await codeOf({ target: '/wsx', headers: bearer() })).toBe('404 NOT_FOUND');
    });

    it.each([
      ['without a key', { 'Sec-WebSocket-Key': null }],
      ['with a short key', { 'Sec-WebSocket-Key': 'abc=' }],
      ['with two keys', { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }],
      ['for another protocol', { Upgrade: 'h2c' }],
    ])('refuses a handshake %s', async (_, headers) => {
      expect(await codeOf({ headers: { ...bearer(), ...headers } })).toBe('400 BAD_HANDSHAKE');
    });

    it('refuses HTTP/1.0', async () => {
      expect(await codeOf({ version: '1.0', headers: bearer() })).toBe('400 BAD_HANDSHAKE');
    });

    it.each(['8', '14', '13, 8', ''])('refuses version %j with 426', async (version) => {
      const response = await upgrade({ headers: { ...bearer(), 'Sec-WebSocket-Version': version } });
      expect(response).toMatchObject({ status: 426, headers: { 'sec-websocket-version': '13' } });
    });

    it.each(['POST', 'PUT', 'DELETE'])('refuses %s with 405', async (method) => {
      expect(await codeOf({ method, headers: bearer() })).toBe('405 METHOD_NOT_ALLOWED');
    });

    it('refuses a request that is no upgrade at all', async () => {
      const plain = await target.http.get('/ws', { token });
      expect(plain).toMatchObject({ status: 400, body: { code: 'BAD_HANDSHAKE' } });
      const posted = await target.http.post('/ws', {}, { token });
      expect(posted).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    });

    it('looks at the handshake before the origin, and at the origin before the credentials', async () => {
      const origin = { Origin: 'https://evil.example' };
      expect(await codeOf({ headers: { ...origin, 'Sec-WebSocket-Key': null } })).toBe('400 BAD_HANDSHAKE');
      expect(await codeOf({ headers: origin })).toBe('403 ORIGIN_NOT_ALLOWED');
      expect(await codeOf({})).toBe('401 UNAUTHENTICATED');
    });
  });

  describe('the origin (T01)', () => {
    it.each([
      'https://app.example',
      'https://app.example:443',
      'http://other.example:8080',
      'http://parley.test',
      'http://parley.test:80',
    ])('welcomes %s', async (Origin) => {
      expect(await status({ ...bearer(), Origin })).toBe(101);
    });

    it.each([
      'null',
      'https://app.example.evil',
      'https://evil-app.example',
      'http://app.example',
      'https://app.example:8443',
      'http://other.example',
      'http://parley.test:8080',
      'parley.test',
      '',
    ])('refuses %j', async (Origin) => {
      expect(await codeOf({ headers: { ...bearer(), Origin } })).toBe('403 ORIGIN_NOT_ALLOWED');
    });

    it('lets pages of listed origins call over HTTP, without credentials of the browser', async () => {
      const origin = 'https://app.example';
      const preflight = await fetch(`${target.url}/auth/login`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect(preflight.ok).toBe(true);
      expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
      const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase();
      expect(allowed?.split(/, */).toSorted()).toEqual(['authorization', 'content-type']);
      const answer = await target.http.get('/auth/me', { token, headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toBe('retry-after');
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
      const refused = await target.http.get('/auth/me', {
        token,
        headers: { origin: 'https://evil.example' },
      });
      expect(refused.headers.has('access-control-allow-origin')).toBe(false);
    });
  });

  describe('the credentials', () => {
    it.each(['header', 'subprotocol', 'ticket'] as const)('takes the %s', async (via) => {
      const client = await target.connect('ann', { via });
      expect(client.ready['user']).toMatchObject({ username: 'ann' });
      expect(client.ws.protocol).toBe(via === 'subprotocol' ? 'chat' : '');
      await client.close();
    });

    it('says how to authenticate', async () => {
      const { status, headers } = await upgrade();
      expect({ status, how: headers['www-authenticate'] }).toEqual({
        status: 401,
        how: expect.stringMatching(/^Bearer/),
      });
    });

    it('refuses what is no valid token', async () => {
      const cut = token.slice(0, -4);
      for (const value of ['Bearer', 'Bearer x', `Basic ${token}`, `Bearer ${cut}AAAA`, `Bearer ${token}x`])
        expect(await status({ Authorization: value })).toBe(401);
      expect(await status({ Cookie: `access_token=${token}; token=${token}` })).toBe(401);
      expect(await status({ 'Sec-WebSocket-Protocol': `chat, bearer.${cut}` })).toBe(401);
      expect(await status({}, '/ws?ticket=x')).toBe(401);
      expect(await status({}, '/ws?ticket=')).toBe(401);
    });

    it('refuses a token in the URL, also beside a good credential', async () => {
      for (const name of ['token', 'access_token']) {
        expect(await status({}, `/ws?${name}=${token}`)).toBe(400);
        expect(await status(bearer(), `/ws?${name}=${token}`)).toBe(400);
      }
    });

    it('takes a ticket once, also when two come together', async () => {
      const path = `/ws?ticket=${await ticket()}`;
      const both = await Promise.all([status({}, path), status({}, path)]);
      expect(both.toSorted()).toEqual([101, 401]);
      expect(await status({}, path)).toBe(401);
    });

    it('lets the first credential count, and leaves a ticket behind it unspent', async () => {
      const path = `/ws?ticket=${await ticket()}`;
      expect(await status({ Authorization: 'Bearer x' }, path)).toBe(401);
      expect(await status({ 'Sec-WebSocket-Protocol': 'chat, bearer.x' }, path)).toBe(401);
      expect(await status(bearer(), path)).toBe(101);
      expect(await status({}, path)).toBe(101);
    });

    it('refuses a ticket whose session ended meanwhile', async () => {
      const account = { username: 'bob', password: "bob's password" };
      const { body } = await target.http.post('/auth/register', account);
      const own = { token: String(body['accessToken']) };
      const taken = await target.http.post('/auth/ticket', {}, own);
      await target.http.post('/auth/logout', {}, own);
      expect(await status({}, `/ws?ticket=${taken.body['ticket']}`)).toBe(401);
      expect(await status({ Authorization: `Bearer ${own.token}` })).toBe(401);
    });
  });

  describe('the subprotocol', () => {
    const chosen = async (list: string | null): Promise<string | undefined> => {
      const { status, headers } = await upgrade({
        headers: { ...bearer(), 'Sec-WebSocket-Protocol': list },
      });
      expect(status).toBe(101);
      return headers['sec-websocket-protocol'];
    };

    it('is the first one of the list that is known, and never the bearer', async () => {
      expect(await chosen(null)).toBeUndefined();
      expect(await chosen('chat')).toBe('chat');
      expect(await chosen('unknown, chat')).toBe('chat');
      expect(await chosen(`bearer.${token}, chat`)).toBe('chat');
      expect(await chosen(`bearer.${token}`)).toBeUndefined();
    });

    it('is told in ready, chat also when none was offered', async () => {
      const client = await target.connect('ann');
      expect(client.ready['subprotocol']).toBe('chat');
      await client.close();
    });

    it('refuses a list of unknown names only', async () => {
      for (const list of ['soap', 'CHAT', `soap, bearer.${token}`])
        expect(await codeOf({ headers: { ...bearer(), 'Sec-WebSocket-Protocol': list } })).toBe(
          '400 UNKNOWN_SUBPROTOCOL',
        );
    });
  });
});

describe('opening a connection within limits', () => {
  const refusal = async (target: TestTarget, options: OpenOptions): Promise<UpgradeRefused> => {
    const answer = await target.open(options).catch((error: unknown) => error);
    if (!(answer instanceof UpgradeRefused)) throw new Error('the upgrade was not refused');
    return answer;
  };
  const bearerOf = async (target: TestTarget, name: string): Promise<OpenOptions> => ({
    headers: { authorization: `Bearer ${(await target.user(name)).accessToken}` },
  });

  const ofOneNode = onOneNode('Each node counts its own connections.');
  ofOneNode('is refused with 503 when the service is full, and so is a ticket', async () => {
    const { process, stop } = await serve({ MAX_CONNECTIONS: '1' });
    const ann = await bearerOf(process, 'ann');
    const first = await process.connect('ann');
    const refused = await refusal(process, ann);
    expect(refused).toMatchObject({
      status: 503,
      problem: { code: 'UNAVAILABLE' },
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
    });
    const { accessToken } = await process.user('ann');
    const answer = await process.http.post('/auth/ticket', {}, { token: accessToken });
    expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    await first.close();
    const second = await process.connect('ann');
    await second.close();
    await stop();
  });

  const atOnce = onOneNode('Nodes share their buckets ten times a second.');
  atOnce('is refused with 429 above the rate of an address, before any credential is looked at', async () => {
    const { process, stop } = await serve({ RATE_UPGRADES_PER_S: '1' });
    const ann = await bearerOf(process, 'ann');
    const { accessToken: token } = await process.user('ann');
    await process.open(ann);
    const taken = await process.http.post('/auth/ticket', {}, { token });
    expect(taken.status).toBe(201);
    const refused = [await refusal(process, ann), await refusal(process, {})];
    for (const one of refused)
      expect(one).toMatchObject({
        status: 429,
        problem: { code: 'RATE_LIMITED' },
        headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) },
      });
    const ticket = await process.http.post('/auth/ticket', {}, { token });
    expect(ticket).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(ticket.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    await stop();
  });

  it('closes the oldest of more connections than a user may have with 4409', async () => {
    const { process, stop } = await serve({ MAX_CONNECTIONS_PER_USER: '2' });
    const [oldest, second] = [await process.connect('ann'), await process.connect('ann')];
    const other = await process.connect('bob');
    const third = await process.connect('ann');
    await expect(oldest.closed).resolves.toMatchObject({ code: 4409 });
    for (const client of [second, third, other]) await client.expectSilence();
    await stop();
  });

  onOneNode('Many nodes go by the clock of Redis.')('takes a ticket for 30 s', async () => {
    const clock = new ManualClock();
    const server = await startServer({ clock });
    const { accessToken: token } = await server.user('ann');
    const take = async (): Promise<string> => {
      const { body } = await server.http.post('/auth/ticket', {}, { token });
      expect(body).toEqual({ ticket: expect.any(String), expiresIn: 30 });
      return `/ws?ticket=${body['ticket']}`;
    };
    const [early, late] = [await take(), await take()];
    await clock.advance(29_900);
    await expect(server.open({ path: early })).resolves.toBeDefined();
    await clock.advance(200);
    await expect(server.open({ path: late })).rejects.toMatchObject({ status: 401 });
    await server.close();
  });
});

/** A refusal has the contract's problem document and ends the connection. */
function expectRefusal({ status, headers, body }: RawResponse): void {
  expect(headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/problem\+json/),
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  });
  const problem = JSON.parse(body) as object;
  expectShape(problem, 'problem');
  expect(problem).toMatchObject({ status });
}
