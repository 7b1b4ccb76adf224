import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HttpAnswer, ManualClock, startServer, type TestTarget } from 'parley/testing';
import { onOneNode } from '../support/one-node.js';
import { expectProblem, expectShape, ISO_TIME, serve, type Service } from './contract.js';

const PASSWORD = 'a long password';

/** Calls of a service without the browser's part in them. */
class Caller {
  private count = 0;

  constructor(readonly target: TestTarget) {}

  post(path: string, body?: object | string, token?: string): Promise<HttpAnswer> {
    return this.target.http.post(path, body, token === undefined ? {} : { token });
  }

  me(token: unknown): Promise<HttpAnswer> {
    return this.target.http.get('/auth/me', { token: String(token) });
  }

  /** Registers a new user with what is given. */
  register(body: object = {}): Promise<HttpAnswer> {
    return this.post('/auth/register', { username: `user${++this.count}`, password: PASSWORD, ...body });
  }

  async session(): Promise<HttpAnswer['body']> {
    const { status, body } = await this.register();
    expect(status).toBe(201);
    return body;
  }

  refresh(refreshToken: unknown): Promise<HttpAnswer> {
    return this.post('/auth/refresh', { refreshToken });
  }
}

describe('accounts over HTTP', () => {
  let service: Service;
  let call: Caller;

  beforeAll(async () => {
    service = await serve();
    call = new Caller(service.process);
  });
  afterAll(() => service.stop());

  const refusedPaths = async (body: object): Promise<string[]> => {
    const answer = await call.register(body);
    expectProblem(answer, 400, 'VALIDATION_FAILED');
    const errors = answer.body['errors'] as { path: string }[];
    for (const one of errors) expect(Object.keys(one).toSorted()).toEqual(['message', 'path']);
    return errors.map((one) => one.path);
  };

  it('are registered', async () => {
    const answer = await call.register({ username: 'Ann.Of_the-North', displayName: 'Ann' });
    expect(answer.status).toBe(201);
    expectShape(answer.body, 'session');
    expectShape(answer.body['user'], 'user');
    expect(answer.body).toMatchObject({
      user: {
        id: expect.any(String),
        username: 'ann.of_the-north',
        displayName: 'Ann',
        updatedAt: expect.stringMatching(ISO_TIME),
        deletedAt: null,
      },
      expiresIn: 900,
    });
    expect(answer.headers.get('cache-control')).toContain('no-store');
  });

  it.each(['abc', 'a'.repeat(32), '0_9', '...'])('take the username %s', async (username) => {
    expect(await call.register({ username })).toMatchObject({ status: 201, body: { user: { username } } });
  });

  it.each([
    '',
    'ab',
    'a'.repeat(33),
    'with space',
    'ümlaut',
    'a@b',
    '名字名字',
    'abc\u0000',
    7,
    null,
    ['abc'],
  ])('refuse the username %j', async (username) => {
    expect(await refusedPaths({ username })).toEqual(['username']);
  });

  it('refuse a username that is taken, in any case', async () => {
    await call.register({ username: 'taken' });
    expectProblem(await call.register({ username: 'TAKEN' }), 409, 'CONFLICT');
    const both = await Promise.all([
      call.register({ username: 'race' }),
      call.register({ username: 'race' }),
    ]);
    expect(both.map((answer) => answer.status).toSorted()).toEqual([201, 409]);
  });

  it('count the password in code points', async () => {
    for (const password of ['12345678', '𝄞'.repeat(8), 'x'.repeat(256), '𝄞'.repeat(256)])
      expect(await call.register({ password })).toMatchObject({ status: 201 });
    for (const password of [
      '1234567',
      '𝄞'.repeat(7),
      'x'.repeat(257),
      '𝄞'.repeat(257),
      'lonely-\ud800-one',
      12345678,
      null,
    ])
      expect(await refusedPaths({ password })).toEqual(['password']);
  });

  it.each([
    ['x', 'x'],
    ['𝄞'.repeat(64), '𝄞'.repeat(64)],
    ['ﬁ', 'fi'],
    ['👩‍🚀', '👩‍🚀'],
    ['Zoë 名字', 'Zoë 名字'],
  ])('take the display name %s', async (displayName, stored) => {
    expect(await call.register({ displayName })).toMatchObject({
      status: 201,
      body: { user: { displayName: stored } },
    });
  });

  it.each(
    [
      '',
      'x'.repeat(65),
      '𝄞'.repeat(65),
      'ﬃ'.repeat(22),
      'a\u0000b',
      'a\nb',
      'a\u0085b',
      'a\u200bb',
      'a\u200db',
      'a\ufeffb',
      'a\u202eb',
      'a\u2066b',
      'a\ud800b',
      7,
      null,
    ].map((name) => [JSON.stringify(name), name]),
  )('refuse the display name %s', async (_, displayName) => {
    expect(await refusedPaths({ displayName })).toEqual(['displayName']);
  });

  it('name every fault of a body at once, unknown properties too', async () => {
    expect((await refusedPaths({ username: 'a', password: 'b', admin: true })).toSorted()).toEqual([
      'admin',
      'password',
      'username',
    ]);
    expectProblem(await call.post('/auth/register', {}), 400, 'VALIDATION_FAILED');
  });

  it.each(['{', '[]', '"text"', 'null'])('refuse the body %s', async (body) => {
    const answer = await call.post('/auth/login', body);
    expect(answer).toMatchObject({ status: 400, body: { status: 400 } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('refuse a huge body with 413, and an unknown path with 404', async () => {
    const huge = await call.post('/auth/login', { username: 'x'.repeat(2_000_000), password: PASSWORD });
    expectProblem(huge, 413, 'TOO_LARGE');
    expectProblem(await service.process.http.get('/auth/nothing'), 404, 'NOT_FOUND');
  });

  it('log in, and say the same for a wrong name and a wrong password (T25)', async () => {
    await call.register({ username: 'linda' });
    const answer = await call.post('/auth/login', { username: 'LINDA', password: PASSWORD });
    expect(answer).toMatchObject({ status: 200, body: { user: { username: 'linda' }, expiresIn: 900 } });
    expectShape(answer.body, 'session');
    const wrong = await call.post('/auth/login', { username: 'linda', password: 'another one' });
    const unknown = await call.post('/auth/login', { username: 'nobody-here', password: PASSWORD });
    expectProblem(wrong, 401, 'UNAUTHENTICATED');
    expect(unknown).toMatchObject({ status: 401, body: wrong.body });
  });

  it('say who one is', async () => {
    const { accessToken, user } = await call.session();
    const { status, body } = await call.me(accessToken);
    expect(status).toBe(200);
    expect(body).toEqual({
      user,
      sessionId: expect.any(String),
      expiresAt: expect.stringMatching(ISO_TIME),
    });
    const lowerCase = await service.process.http.get('/auth/me', {
      headers: { authorization: `bearer ${accessToken}` },
    });
    expect(lowerCase.status).toBe(200);
    const refused = await service.process.http.get('/auth/me');
    expectProblem(refused, 401, 'UNAUTHENTICATED');
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('publish the keys that their tokens are signed with, and take no other algorithm', async () => {
    const { accessToken } = await call.session();
    const { status, body } = await service.process.http.get('/.well-known/jwks.json');
    expect(status).toBe(200);
    const [head = '', payload = '', signature = ''] = String(accessToken).split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg: string; kid: string };
    const key = (body['keys'] as Record<string, string>[]).find(({ kid }) => kid === header.kid);
    for (const one of body['keys'] as object[]) expect(one).not.toHaveProperty('d');
    const signed = verify(
      null,
      Buffer.from(`${head}.${payload}`),
      createPublicKey({ key: key as never, format: 'jwk' }),
      Buffer.from(signature, 'base64url'),
    );
    expect(signed).toBe(true);
    const none = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
    for (const forged of [`${none}.${payload}.`, `${none}.${payload}.${signature}`, `${head}.${payload}.`])
      expectProblem(await call.me(forged), 401, 'UNAUTHENTICATED');
  });

  it('log out, which ends the session and its connections alone', async () => {
    const target = service.process;
    const { accessToken, refreshToken } = await target.user('olga');
    const login = await call.post('/auth/login', { username: 'olga', password: "olga's password" });
    const stays = await target.open({ headers: { authorization: `Bearer ${login.body['accessToken']}` } });
    const ends = await target.connect('olga');
    const answer = await call.post('/auth/logout', {}, accessToken);
    expect(answer).toMatchObject({ status: 204, body: {} });
    await expect(ends.closed).resolves.toMatchObject({
      code: 4401,
      reason: expect.stringMatching(/^(revoked|logged-out)$/),
    });
    await stays.request('auth.whoami');
    expectProblem(await call.me(accessToken), 401, 'UNAUTHENTICATED');
    expectProblem(await call.refresh(refreshToken), 401, 'UNAUTHENTICATED');
    expectProblem(await call.post('/auth/ticket', {}, accessToken), 401, 'UNAUTHENTICATED');
    expectProblem(await call.post('/auth/logout', {}, accessToken), 401, 'UNAUTHENTICATED');
  });

  it('are healthy', async () => {
    for (const path of ['/health/live', '/health/ready'])
      expect((await service.process.http.get(path)).status).toBe(200);
  });
});

describe('refreshing over HTTP', () => {
  const clock = new ManualClock(Date.now());
  let server: Awaited<ReturnType<typeof startServer>>;
  let call: Caller;

  beforeAll(async () => {
    server = await startServer({ clock });
    call = new Caller(server);
  });
  afterAll(() => server.close());

  it('gives a new pair for the same session', async () => {
    const first = await call.session();
    const { status, body } = await call.refresh(first['refreshToken']);
    expect(status).toBe(200);
    expectShape(body, 'session');
    expect(body['user']).toEqual(first['user']);
    expect(body['refreshToken']).not.toBe(first['refreshToken']);
    const [before, after] = [await call.me(first['accessToken']), await call.me(body['accessToken'])];
    expect(after.body['sessionId']).toBe(before.body['sessionId']);
  });

  it('refuses what is no refresh token', async () => {
    const { accessToken } = await call.session();
    for (const token of ['', 'x', accessToken, 'x'.repeat(10_000)])
      expect([400, 401]).toContain((await call.refresh(token)).status);
    expectProblem(await call.refresh('rubbish-that-is-no-token'), 401, 'UNAUTHENTICATED');
    expectProblem(await call.refresh(7), 400, 'VALIDATION_FAILED');
    expectProblem(await call.post('/auth/refresh', {}), 400, 'VALIDATION_FAILED');
  });

  it('forgives a lost answer under 60 s, and lets the lost token die', async () => {
    const { refreshToken } = await call.session();
    const lost = await call.refresh(refreshToken);
    await clock.advance(59_000);
    const again = await call.refresh(refreshToken);
    expect(again.status).toBe(200);
    expectShape(again.body, 'session');
    expect((await call.me(again.body['accessToken'])).status).toBe(200);
    expectProblem(await call.refresh(lost.body['refreshToken']), 401, 'UNAUTHENTICATED');
  });

  it.each([
    ['the access token over HTTP', (body: HttpAnswer['body']) => call.me(body['accessToken'])],
    ['the refresh token', (body: HttpAnswer['body']) => call.refresh(body['refreshToken'])],
    [
      'the access token at an upgrade',
      (body: HttpAnswer['body']) =>
        server.open({ headers: { authorization: `Bearer ${body['accessToken']}` } }),
    ],
  ])('revokes the session when a spent token comes after %s was used', async (_, use) => {
    const { refreshToken } = await call.session();
    const { body } = await call.refresh(refreshToken);
    const used = await use(body);
    const last = 'body' in used && 'refreshToken' in used.body ? used.body : body;
    expectProblem(await call.refresh(refreshToken), 401, 'UNAUTHENTICATED');
    expectProblem(await call.me(last['accessToken']), 401, 'UNAUTHENTICATED');
    expectProblem(await call.refresh(last['refreshToken']), 401, 'UNAUTHENTICATED');
  });

  it('revokes the session when a spent token comes after 60 s, and closes its connections', async () => {
    const { refreshToken, accessToken } = await call.session();
    const client = await server.open({ headers: { authorization: `Bearer ${accessToken}` } });
    const { body } = await call.refresh(refreshToken);
    await clock.advance(60_001);
    expectProblem(await call.refresh(refreshToken), 401, 'UNAUTHENTICATED');
    await expect(client.closed).resolves.toEqual({ code: 4401, reason: 'revoked' });
    expectProblem(await call.me(body['accessToken']), 401, 'UNAUTHENTICATED');
  });

  it('ends with the token', async () => {
    const { refreshToken, accessToken } = await call.session();
    await clock.advance(899_000);
    expect((await call.me(accessToken)).status).toBe(200);
    await clock.advance(2000);
    expectProblem(await call.me(accessToken), 401, 'UNAUTHENTICATED');
    clock.jump(2_592_000_000);
    expectProblem(await call.refresh(refreshToken), 401, 'UNAUTHENTICATED');
  });
});

describe('limits over HTTP', () => {
  it('bound logins and registrations at the default rate, each in a bucket of its own', async () => {
    const { process, stop } = await serve({ RATE_LOGINS_PER_MIN: '10' });
    const call = new Caller(process);
    const login = (username: string): Promise<HttpAnswer> =>
      call.post('/auth/login', { username, password: 'not this one' });
    const answers = [];
    // Of one account five would be the end.
    // The bucket fills again meanwhile, faster than a busy machine may empty it.
    for (let i = 0; i < 24 || (i < 200 && answers.at(-1)?.status !== 429); i++)
      answers.push(await login(`nobody${i}`));
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    const limited = answers.find((answer) => answer.status === 429);
    expectProblem(limited as HttpAnswer, 429, 'RATE_LIMITED');
    expect(limited?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect((await call.register()).status).toBe(201);
    await stop();
  });

  const byNode = onOneNode('Each node delays by the guesses that it has met.');
  byNode('delay guesses of one account after five failures (T26)', async () => {
    const { process, stop } = await serve({ RATE_LOGINS_PER_MIN: '10' });
    const call = new Caller(process);
    await call.register({ username: 'ann' });
    const statuses = [];
    const guess = { username: 'ann', password: 'not this one' };
    for (let i = 0; i < 5; i++) statuses.push((await call.post('/auth/login', guess)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call.post('/auth/login', { ...guess, username: 'Ann' })),
    );
    const delayed = answers.filter(({ status }) => status === 429);
    // As many as a slow machine's seconds let through.
    expect(delayed.length).toBeGreaterThan(5);
    expectProblem(delayed[0] as HttpAnswer, 429, 'RATE_LIMITED');
    expect(delayed[0]?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    await stop();
  });

  it('close registration with 403', async () => {
    const { process, stop } = await serve({ REGISTRATION: 'closed' });
    expectProblem(await new Caller(process).register(), 403, 'FORBIDDEN');
    await stop();
  });
});
