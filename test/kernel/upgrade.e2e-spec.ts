import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, HttpException, type Provider } from '@nestjs/common';
import { UseGuards } from '@nestjs/common';
import { AuthorizesUpgrades, Draining, RealtimeError, RealtimeGateway } from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import { RawClient } from '../support/raw-client.js';
import { exchange, type RawRequest, type RawResponse } from '../support/raw-request.js';

/** What the guard under test does next. */
let verdict: () => boolean = () => true;
let guarded = 0;

class VerdictGuard implements CanActivate {
  canActivate(): boolean {
    guarded++;
    return verdict();
  }
}

@RealtimeGateway('verdict')
class VerdictGateway {
  @AuthorizesUpgrades()
  @UseGuards(VerdictGuard)
  authorizeUpgrade(): void {}
}

const providers: Provider[] = [VerdictGateway, VerdictGuard];
const nobody: RawRequest = { headers: { 'X-User': null } };

function expectProblem(response: RawResponse, status: number, code: string): void {
  expect([response.status, response.body]).toEqual([status, expect.stringContaining(`"${code}"`)]);
  expect(JSON.parse(response.body)).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code,
  });
  expect(response.headers).toMatchObject({ 'content-type': 'application/problem+json', connection: 'close' });
  expect(Number(response.headers['content-length'])).toBe(Buffer.byteLength(response.body));
}

let kernel: KernelApp;

beforeAll(async () => {
  kernel = await KernelApp.start({ providers });
});

afterAll(() => kernel.close());

beforeEach(() => {
  verdict = () => true;
  guarded = 0;
});

describe('the path', () => {
  it.each(['/', '/nowhere', '/ws/', '/WS', '/ws2', '/%77s', '/nowhere?x=/ws'])(
    '%s is NOT_FOUND',
    async (target) => {
      expectProblem(await exchange(kernel.port, { target }), 404, 'NOT_FOUND');
    },
  );

  it.each(['/ws', '/ws?a=b', '//ws', '/./ws'])('%s is the gateway', async (target) => {
    expect((await exchange(kernel.port, { target })).status).toBe(101);
  });
});

describe('the method', () => {
  it.each([
    ['with Upgrade', {}],
    ['without', { Upgrade: null, Connection: 'close' }],
  ])('POST %s is METHOD_NOT_ALLOWED', async (_, headers) => {
    const response = await exchange(kernel.port, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': '0' },
    });
    expectProblem(response, 405, 'METHOD_NOT_ALLOWED');
    expect(response.headers['allow']).toBe('GET');
  });
});

describe('the handshake', () => {
  it.each<[string, RawRequest]>([
    ['HTTP/1.0', { version: '1.0' }],
    ['an absolute target', { target: 'http://parley.test/ws' }],
    ['no Host', { headers: { Host: null } }],
    ['no Upgrade', { headers: { Upgrade: null } }],
    ['another Upgrade', { headers: { Upgrade: 'h2c' } }],
    ['no Connection', { headers: { Connection: null } }],
    ['a Connection that keeps alive', { headers: { Connection: 'keep-alive' } }],
    ['no key', { headers: { 'Sec-WebSocket-Key': null } }],
    ['a short key', { headers: { 'Sec-WebSocket-Key': 'c2hvcnQ=' } }],
    [
      'two keys',
      { headers: { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] } },
    ],
    ['no version', { headers: { 'Sec-WebSocket-Version': null } }],
    ['a subprotocol twice', { headers: { 'Sec-WebSocket-Protocol': 'chat, chat' } }],
    ['a subprotocol twice in two headers', { headers: { 'Sec-WebSocket-Protocol': ['chat', 'chat'] } }],
    ['an empty name in the list', { headers: { 'Sec-WebSocket-Protocol': 'chat,,superchat' } }],
    ['a name that is no token', { headers: { 'Sec-WebSocket-Protocol': 'chat, "quoted"' } }],
  ])('with %s is BAD_HANDSHAKE', async (_, request) => {
    expectProblem(await exchange(kernel.port, request), 400, 'BAD_HANDSHAKE');
    expect(guarded).toBe(0);
  });

  it.each(['8', '12', '14', '013', 'x'])('of version %s is refused with the one spoken', async (version) => {
    const response = await exchange(kernel.port, { headers: { 'Sec-WebSocket-Version': version } });
    expectProblem(response, 426, 'BAD_HANDSHAKE');
    expect(response.headers['sec-websocket-version']).toBe('13');
  });

  it('may name Upgrade among other tokens, in any case', async () => {
    const headers = { Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' };
    expect((await exchange(kernel.port, { headers })).status).toBe(101);
  });

  it('with a malformed extension is BAD_HANDSHAKE where extensions are negotiated', async () => {
    const compressing = await KernelApp.start({ providers, settings: { isCompressionEnabled: true } });
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate;;' };
    expectProblem(await exchange(compressing.port, { headers }), 400, 'BAD_HANDSHAKE');
    await compressing.close();
  });
});

describe('subprotocols', () => {
  it.each([
    ['chat', 'chat'],
    ['unknown, chat', 'chat'],
    ['bearer.abc, chat', 'chat'],
    ['chat, bearer.abc', 'chat'],
    ['chat.v2, chat, mqtt', 'chat'],
    [null, undefined],
    ['bearer.abc', undefined],
  ])('%s selects %s', async (offered, selected) => {
    const response = await exchange(kernel.port, { headers: { 'Sec-WebSocket-Protocol': offered } });
    expect(response.status).toBe(101);
    expect(response.headers['sec-websocket-protocol']).toBe(selected);
  });

  it.each(['mqtt', 'mqtt, wamp', 'mqtt, bearer.abc', 'CHAT'])(
    '%s is UNKNOWN_SUBPROTOCOL',
    async (offered) => {
      const response = await exchange(kernel.port, { headers: { 'Sec-WebSocket-Protocol': offered } });
      expectProblem(response, 400, 'UNKNOWN_SUBPROTOCOL');
      expect(response.body).not.toContain('abc');
    },
  );

  it('are told to the client that asked', async () => {
    const client = await RawClient.open(kernel.url(), { headers: { 'x-user': 'ann' } }, [
      'bearer.abc',
      'chat',
    ]);
    expect(client.ws.protocol).toBe('chat');
    await client.close();
  });
});

describe('Origin (T01)', () => {
  let guardedOrigins: KernelApp;

  beforeAll(async () => {
    const allowedOrigins = ['https://app.example.com', 'https://port.example.com:443'];
    const settings = { allowedOrigins, publicUrl: 'https://chat.example.com/base' };
    guardedOrigins = await KernelApp.start({ providers, settings });
  });

  afterAll(() => guardedOrigins.close());

  it.each<[string | string[]]>([
    ['https://app.example.com.evil.test'],
    ['https://evil.test/app.example.com'],
    ['https://app.example.com/'],
    ['https://app.example.com@evil.test'],
    ['https://sub.app.example.com'],
    ['https://xapp.example.com'],
    ['http://app.example.com'],
    ['https://app.example.com:8443'],
    ['HTTPS://APP.EXAMPLE.COM'],
    ['null'],
    [''],
    ['app.example.com'],
    ['file://'],
    ['chrome-extension://app.example.com'],
    ['https://app.example.com https://evil.test'],
    [['https://app.example.com', 'https://evil.test']],
    [['https://app.example.com', 'https://app.example.com']],
    ['http://parley.test:8443'],
    ['http://parley.test.evil.test'],
    ['http://chat.example.com'],
  ])('%s is refused', async (Origin) => {
    const response = await exchange(guardedOrigins.port, { headers: { Origin } });
    expectProblem(response, 403, 'ORIGIN_NOT_ALLOWED');
    expect(guarded).toBe(0);
  });

  it.each([
    ['none', null, 'parley.test'],
    ['a listed one', 'https://app.example.com', 'parley.test'],
    ['a listed one with its default port', 'https://app.example.com:443', 'parley.test'],
    ['one listed with its default port', 'https://port.example.com', 'parley.test'],
    ['the public address', 'https://chat.example.com', 'parley.test'],
    ['its own host', 'http://parley.test', 'parley.test'],
    ['its own host with the default port', 'http://parley.test:80', 'parley.test'],
    ['its own host, TLS ending before it', 'https://parley.test', 'parley.test'],
    ['its own host and port', 'http://parley.test:8443', 'parley.test:8443'],
    ['its own host, called with the default port', 'http://parley.test', 'parley.test:80'],
    ['its own IPv6 address', 'http://[::1]:3000', '[::1]:3000'],
  ])('is welcome when it is %s', async (_, Origin, Host) => {
    expect((await exchange(guardedOrigins.port, { headers: { Origin, Host } })).status).toBe(101);
  });
});

describe('the rate of upgrades (T03)', () => {
  let limited: KernelApp;

  beforeEach(async () => {
    limited = await KernelApp.start({
      providers,
      settings: { upgradesPerSecond: 1, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] },
    });
  });

  afterEach(() => limited.close());

  const from = (forwarded: string | null): Promise<RawResponse> =>
    exchange(limited.port, { headers: { 'X-Forwarded-For': forwarded } });

  it('is kept per address, before any guard runs', async () => {
    expect([(await from(null)).status, (await from(null)).status]).toEqual([101, 101]);
    const response = await from(null);
    expectProblem(response, 429, 'RATE_LIMITED');
    expect(response.headers['retry-after']).toBe('1');
    expect(guarded).toBe(2);
  });

  it('counts refused credentials too', async () => {
    verdict = () => false;
    await from(null);
    await from(null);
    expectProblem(await from(null), 429, 'RATE_LIMITED');
  });

  it('believes trusted proxies, from the right', async () => {
    for (const spoofed of ['1.1.1.1', '2.2.2.2']) {
      expect((await from(`${spoofed}, 198.51.100.7, 10.1.2.3`)).status).toBe(101);
    }
    expect((await from('3.3.3.3, 198.51.100.7, 10.9.9.9')).status).toBe(429);
    expect((await from('198.51.100.8')).status).toBe(101);
  });

  it('believes nobody when no proxy is trusted', async () => {
    const direct = await KernelApp.start({ providers, settings: { upgradesPerSecond: 1 } });
    const statuses: number[] = [];
    for (const spoofed of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) {
      const headers = { 'X-Forwarded-For': spoofed };
      statuses.push((await exchange(direct.port, { headers })).status);
    }
    expect(statuses).toEqual([101, 101, 429]);
    await direct.close();
  });
});

describe('guards', () => {
  it('that set no principal leave the upgrade UNAUTHENTICATED', async () => {
    const response = await exchange(kernel.port, nobody);
    expectProblem(response, 401, 'UNAUTHENTICATED');
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it.each<[string, () => boolean, number, string]>([
    ['return false', () => false, 403, 'FORBIDDEN'],
    ['throw a 401', () => fail(new HttpException('who?', 401)), 401, 'UNAUTHENTICATED'],
    ['throw a 403', () => fail(new HttpException('no', 403)), 403, 'FORBIDDEN'],
    ['throw a 429', () => fail(new HttpException('later', 429)), 429, 'RATE_LIMITED'],
    ['throw a 402', () => fail(new HttpException('pay', 402)), 402, 'FORBIDDEN'],
    ['throw a 410', () => fail(new HttpException('gone', 410)), 410, 'FORBIDDEN'],
    ['throw a 503', () => fail(new HttpException('busy', 503)), 503, 'UNAVAILABLE'],
    [
      'throw UNAUTHENTICATED',
      () => fail(new RealtimeError('UNAUTHENTICATED', 'who?')),
      401,
      'UNAUTHENTICATED',
    ],
    ['throw a CONFLICT', () => fail(new RealtimeError('CONFLICT', 'twice')), 409, 'CONFLICT'],
    ['break', () => fail(new Error('secret detail')), 500, 'INTERNAL'],
  ])('that %s refuse the upgrade', async (_, decide, status, code) => {
    verdict = decide;
    const response = await exchange(kernel.port);
    expectProblem(response, status, code);
    expect(response.body).not.toContain('secret');
  });
});

describe('of several faults the earliest in the order of the steps is told', () => {
  const bad = {
    target: '/nowhere',
    headers: { 'Sec-WebSocket-Version': '8', Origin: 'https://evil.test', 'X-User': null },
  };

  it('path, handshake, capacity, origin, rate, credential, guard', async () => {
    const app = await KernelApp.start({ providers, settings: { upgradesPerSecond: 0.5 } });
    const draining = app.app.get(Draining);
    draining.isRefusing = true;
    const ask = async (request: RawRequest): Promise<number> => (await exchange(app.port, request)).status;
    expect(await ask(bad)).toBe(404);
    expect(await ask({ headers: bad.headers })).toBe(426);
    const headers = { Origin: 'https://evil.test', 'X-User': null };
    const refused = await exchange(app.port, { headers });
    expectProblem(refused, 503, 'UNAVAILABLE');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    draining.isRefusing = false;
    expect(await ask({ headers })).toBe(403);
    verdict = () => false;
    expect(await ask(nobody)).toBe(403);
    expect(await ask(nobody)).toBe(429);
    expect(guarded).toBe(1);
    await app.close();
  });
});

describe('the first frame', () => {
  it('is ready, with what the contract names', async () => {
    const client = await RawClient.open(kernel.url(), { headers: { 'x-user': 'ann' } });
    expect(await client.take()).toEqual({
      event: 'ready',
      data: {
        protocol: '1.0',
        features: [],
        connectionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        sessionId: 'ann-1',
        subprotocol: 'chat',
        heartbeatMs: 25_000,
        maxFrameBytes: 65_536,
        serverTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        tokenExpiresAt: null,
      },
    });
    await client.close();
  });
});

describe('the number of connections', () => {
  it('is bounded, and a closed one frees its place', async () => {
    const small = await KernelApp.start({ providers, settings: { maxConnections: 2 } });
    const [first] = [await small.connect('ann'), await small.connect('bob')];
    const response = await exchange(small.port);
    expectProblem(response, 503, 'UNAVAILABLE');
    expect(response.headers['retry-after']).toBe('5');
    await first.close();
    const next = await small.connect('cy');
    expect((await exchange(small.port)).status).toBe(503);
    await next.close();
    await small.close();
  });

  it('of one user is bounded too: the oldest is closed with 4409', async () => {
    const few = await KernelApp.start({ providers, settings: { maxConnectionsPerUser: 2 } });
    const oldest = await few.connect('ann');
    const older = await few.connect('ann');
    const other = await few.connect('bob');
    const newest = await few.connect('ann');
    expect(await oldest.closed).toEqual({ code: 4409, reason: '' });
    expect([older, other, newest].map(({ ws }) => ws.readyState)).toEqual([1, 1, 1]);
    await few.close();
  });
});

function fail(error: Error): never {
  throw error;
}
