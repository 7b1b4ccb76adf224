import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpAnswer, type Json, startServer, type TestServer } from '../../testing/index.js';

const PASSWORD = 'correct horse';
const NEW_PASSWORD = 'battery staple';

describe('auth over HTTP', () => {
  let server: TestServer;
  let people = 0;
  let name: string;
  let grant: Json;

  beforeAll(async () => (server = await startServer()), 30_000);
  afterAll(async () => server.close());
  beforeEach(async () => {
    name = `ann${(people += 1)}`;
    const { status, body } = await post('/auth/register', { username: name, password: PASSWORD });
    expect(status).toBe(201);
    grant = body;
  });

  async function post(path: string, body: object = {}, token?: string): Promise<HttpAnswer> {
    return await server.http.post(path, body, token === undefined ? {} : { token });
  }

  async function me(token: string): Promise<HttpAnswer> {
    return await server.http.get('/auth/me', { token });
  }

  it('registers, and logs in to another session', async () => {
    const login = await post('/auth/login', { username: name.toUpperCase(), password: PASSWORD });
    expect(login.headers.get('cache-control')).toBe('no-store');
    expect(login).toMatchObject({ status: 200 });
    expect(login.body).toEqual({
      user: {
        id: grant['user'].id,
        username: name,
        displayName: name,
        updatedAt: expect.any(String),
        deletedAt: null,
      },
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      expiresIn: 900,
    });
    const first = await me(grant['accessToken']);
    expect(first.body).toEqual({
      user: grant['user'],
      sessionId: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect((await me(login.body['accessToken'])).body['sessionId']).not.toBe(first.body['sessionId']);
  });

  it('answers 409 for a taken name', async () => {
    const again = await post('/auth/register', { username: name.toUpperCase(), password: PASSWORD });
    expect(again).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  it('answers the same 401 for a wrong name and a wrong password', async () => {
    const guesses = [
      { username: name, password: 'wrong' },
      { username: 'nobody', password: PASSWORD },
      { username: 'no name at all', password: PASSWORD },
    ];
    const answers = await Promise.all(guesses.map(async (guess) => post('/auth/login', guess)));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(body).toEqual(answers[0]?.body);
    }
  });

  const good = { username: 'ben', password: PASSWORD };
  it.each<[string, object]>([
    ['nothing', {}],
    ['a list', []],
    ['an unknown property', { ...good, role: 'admin' }],
    ['no password', { username: 'ben' }],
    ['a short name', { ...good, username: 'be' }],
    ['a name of another script', { ...good, username: 'аdmin' }],
    ['a name that is an object', { ...good, username: { $ne: '' } }],
    ['a short password', { ...good, password: '1234567' }],
    ['a password that is a number', { ...good, password: 12_345_678 }],
    ['a display name that is null', { ...good, displayName: null }],
    ['a bidirectional display name', { ...good, displayName: 'a\u202Eb' }],
    ['half a character', { ...good, displayName: 'a\uD800' }],
  ])('refuses to register with %s, and repeats nothing of it', async (_, body) => {
    const answer = await post('/auth/register', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body['errors']).not.toHaveLength(0);
    expect(JSON.stringify(answer.body)).not.toMatch(/аdmin|correct|ben|12345678/);
  });

  it.each(['register', 'login', 'refresh'])('refuses a body of /auth/%s that is no JSON', async (call) => {
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    const answers = await Promise.all([
      server.http.post(`/auth/${call}`, '{"username":'),
      server.http.post(`/auth/${call}`, '{}', { headers: { 'content-type': 'text/plain' } }),
      server.http.post(`/auth/${call}`, 'username=ben&password=correct%20horse&refreshToken=x', form),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  it('spends a refresh token, and revokes the session when it comes back', async () => {
    const next = await post('/auth/refresh', { refreshToken: grant['refreshToken'] });
    expect(next).toMatchObject({ status: 200, body: { user: grant['user'], expiresIn: 900 } });
    expect((await me(next.body['accessToken'])).status).toBe(200);
    const again = await post('/auth/refresh', { refreshToken: grant['refreshToken'] });
    expect(again).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect((await me(next.body['accessToken'])).status).toBe(401);
  });

  it('asks for an access token where one is needed', async () => {
    const answers = await Promise.all([
      server.http.get('/auth/me'),
      post('/auth/logout'),
      post('/auth/ticket'),
      post('/auth/password', { password: PASSWORD, newPassword: NEW_PASSWORD }),
      me('x.y.z'),
      me(grant['refreshToken']),
      server.http.get('/auth/me', { headers: { cookie: `accessToken=${grant['accessToken']}` } }),
      server.http.get(`/auth/me?access_token=${grant['accessToken']}`),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('changes a password, and refuses with 403 when the old one is wrong', async () => {
    const change = { password: PASSWORD, newPassword: NEW_PASSWORD };
    const wrong = await post('/auth/password', { ...change, password: 'wrong' }, grant['accessToken']);
    expect(wrong).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect((await post('/auth/password', change, grant['accessToken'])).status).toBe(204);
    expect((await post('/auth/login', { username: name, password: PASSWORD })).status).toBe(401);
    expect((await post('/auth/login', { username: name, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('publishes the public part of the signing key', async () => {
    const { body, headers } = await server.http.get('/.well-known/jwks.json');
    const [header = ''] = String(grant['accessToken']).split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Json;
    const key = { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid, alg: 'EdDSA', use: 'sig' };
    expect(body).toEqual({ keys: [key] });
    expect(headers.get('cache-control')).toContain('max-age');
  });
});
