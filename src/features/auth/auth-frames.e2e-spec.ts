import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type HttpAnswer,
  type Json,
  ManualClock,
  RequestFailed,
  startServer,
  type TestClient,
  type TestServer,
  UpgradeRefused,
} from '../../testing/index.js';
import { SuspensionsService } from './accounts/suspensions.service.js';

const PASSWORD = 'correct horse';
const NEW_PASSWORD = 'battery staple';
const REVOKED = { code: 4401, reason: 'revoked' };
const LOGGED_OUT = { code: 4401, reason: 'logged-out' };

let server: TestServer;
let people = 0;

function newName(): string {
  people += 1;
  return `ann${people}`;
}

async function post(path: string, body: object = {}, token?: string): Promise<HttpAnswer> {
  return await server.http.post(path, body, token === undefined ? {} : { token });
}

async function register(username: string): Promise<Json> {
  const { status, body } = await post('/auth/register', { username, password: PASSWORD });
  expect(status).toBe(201);
  return body;
}

async function logIn(username: string): Promise<Json> {
  const { status, body } = await post('/auth/login', { username, password: PASSWORD });
  expect(status).toBe(200);
  return body;
}

async function me(token: string): Promise<HttpAnswer> {
  return await server.http.get('/auth/me', { token });
}

async function ticketFor({ accessToken }: Json): Promise<string> {
  const { status, body } = await post('/auth/ticket', {}, accessToken);
  expect(status).toBe(201);
  return body['ticket'];
}

function bearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Connects in the session of a grant. */
async function open({ accessToken }: Json): Promise<TestClient> {
  const client = await server.open(bearer(accessToken));
  client.ready = await client.next('ready');
  return client;
}

async function statusOf(offer: Parameters<TestServer['open']>[0]): Promise<number> {
  const outcome = await server.open(offer).catch((error: unknown) => error);
  return outcome instanceof UpgradeRefused ? outcome.status : 101;
}

async function failureOf(request: Promise<unknown>): Promise<string> {
  const failure = await request.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestFailed);
  return (failure as RequestFailed).code;
}

describe('auth over frames', () => {
  let name: string;
  let grant: Json;

  beforeAll(async () => (server = await startServer()), 30_000);
  afterAll(async () => server.close());
  beforeEach(async () => {
    name = newName();
    grant = await register(name);
  });

  describe('at the upgrade', () => {
    it('takes a header, a subprotocol or a ticket', async () => {
      const clients = await Promise.all([
        server.open(bearer(grant['accessToken'])),
        server.open({ subprotocols: ['chat', `bearer.${grant['accessToken']}`] }),
        server.open({ path: `/ws?ticket=${await ticketFor(grant)}` }),
      ]);
      const { body } = await me(grant['accessToken']);
      for (const client of clients) {
        const { user, sessionId, tokenExpiresAt } = await client.next('ready');
        expect(user).toEqual(grant['user']);
        expect({ sessionId, tokenExpiresAt }).toEqual({
          sessionId: body['sessionId'],
          tokenExpiresAt: body['expiresAt'],
        });
        expect(client.ws.protocol).not.toContain('bearer');
      }
    });

    it('takes a ticket once', async () => {
      const path = `/ws?ticket=${await ticketFor(grant)}`;
      const outcomes = await Promise.all([statusOf({ path }), statusOf({ path }), statusOf({ path })]);
      expect(outcomes.toSorted((a, b) => a - b)).toEqual([101, 401, 401]);
    });

    it('lets the first credential that is there count', async () => {
      const [path, bad] = [`/ws?ticket=${await ticketFor(grant)}`, bearer('bad')];
      const subprotocols = ['chat', 'bearer.bad'];
      expect(await statusOf({ ...bearer(grant['accessToken']), subprotocols, path: '/ws?ticket=bad' })).toBe(
        101,
      );
      expect(await statusOf({ ...bad, subprotocols: ['chat', `bearer.${grant['accessToken']}`], path })).toBe(
        401,
      );
      expect(await statusOf({ subprotocols, path })).toBe(401);
      expect(await statusOf({ headers: { authorization: 'Basic YTpi' }, path })).toBe(101);
    });

    it('refuses nothing, cookies, and what is empty', async () => {
      expect(await statusOf({})).toBe(401);
      expect(await statusOf({ headers: { cookie: `token=${grant['accessToken']}` } })).toBe(401);
      expect(await statusOf({ headers: { authorization: 'Bearer' } })).toBe(401);
      expect(await statusOf({ path: '/ws?ticket=' })).toBe(401);
    });

    it.each(['token', 'access_token'])('refuses ?%s= with 400, whatever comes with it', async (parameter) => {
      const path = `/ws?${parameter}=${grant['accessToken']}`;
      expect(await statusOf({ path })).toBe(400);
      expect(await statusOf({ path, ...bearer(grant['accessToken']) })).toBe(400);
    });

    it('refuses a session that has ended, by token and by ticket', async () => {
      const ticket = await ticketFor(grant);
      expect((await post('/auth/logout', {}, grant['accessToken'])).status).toBe(204);
      expect(await statusOf(bearer(grant['accessToken']))).toBe(401);
      expect(await statusOf({ path: `/ws?ticket=${ticket}` })).toBe(401);
    });

    it('refuses a suspended user with 403, and closes what is open with 4403', async () => {
      const [ticket, client] = [await ticketFor(grant), await open(grant)];
      await server.get(SuspensionsService).suspend(grant['user'].id);
      expect(await client.closed).toEqual({ code: 4403, reason: 'suspended' });
      expect(await statusOf(bearer(grant['accessToken']))).toBe(403);
      expect(await statusOf({ path: `/ws?ticket=${ticket}` })).toBe(403);
      expect((await post('/auth/ticket', {}, grant['accessToken'])).status).toBe(403);
      expect((await post('/auth/login', { username: name, password: PASSWORD })).status).toBe(403);
    });
  });

  describe('on a connection', () => {
    it('says who one is', async () => {
      const client = await open(grant);
      const { sessionId, connectionId, tokenExpiresAt } = client.ready;
      const user = grant['user'];
      expect(await client.request('auth.whoami')).toEqual({ user, sessionId, connectionId, tokenExpiresAt });
    });

    it('is prolonged by a newer token of its own session only', async () => {
      const client = await open(grant);
      for (const { accessToken } of [await logIn(name), await register(newName())]) {
        expect(await failureOf(client.request('auth.refresh', { accessToken }))).toBe('FORBIDDEN');
      }
      expect(await failureOf(client.request('auth.refresh', { accessToken: 'x' }))).toBe('UNAUTHENTICATED');
      const { body } = await post('/auth/refresh', { refreshToken: grant['refreshToken'] });
      const accessToken = body['accessToken'];
      const { tokenExpiresAt } = await client.request('auth.refresh', { accessToken });
      expect(tokenExpiresAt).toBe((await me(accessToken)).body['expiresAt']);
      expect(await client.request('auth.whoami')).toMatchObject({ tokenExpiresAt });
    });

    it('lists the user’s living sessions, newest first', async () => {
      await logIn(name);
      await post('/auth/logout', {}, (await logIn(name))['accessToken']);
      const client = await open(grant);
      const { sessions } = await client.request('auth.sessions');
      const listed = { createdAt: expect.any(String), lastSeenAt: expect.any(String), userAgent: 'node' };
      expect(sessions).toEqual([
        { ...listed, id: expect.any(String), current: false },
        { ...listed, id: client.ready['sessionId'], current: true },
      ]);
      expect(sessions[1].lastSeenAt > sessions[1].createdAt).toBe(true);
    });

    it('logs out with its reply and 1000, and the session’s other connections with 4401', async () => {
      const [mine, same, apart] = [await open(grant), await open(grant), await open(await logIn(name))];
      expect(await mine.request('auth.logout')).toEqual({});
      expect(await mine.closed).toEqual({ code: 1000, reason: '' });
      expect(await same.closed).toEqual(LOGGED_OUT);
      await apart.expectSilence();
      expect((await me(grant['accessToken'])).status).toBe(401);
    });

    it('revokes another session at once, and its own after the reply', async () => {
      const [mine, other] = [await open(grant), await open(await logIn(name))];
      expect(await mine.request('auth.revoke', { sessionId: other.ready['sessionId'] })).toEqual({});
      expect(await other.closed).toEqual(REVOKED);
      expect(await mine.request('auth.revoke', { sessionId: mine.ready['sessionId'] })).toEqual({});
      expect(await mine.closed).toEqual(REVOKED);
    });

    it('revokes nobody else’s session', async () => {
      const [mine, theirs] = [await open(grant), await open(await register(newName()))];
      for (const sessionId of [theirs.ready['sessionId'], 'unknown', 'ü']) {
        expect(await failureOf(mine.request('auth.revoke', { sessionId }))).toBe('NOT_FOUND');
      }
      await theirs.expectSilence();
    });

    it('is closed by a logout over HTTP, by a new password and by a spent token', async () => {
      const out = await open(grant);
      await post('/auth/logout', {}, grant['accessToken']);
      expect(await out.closed).toEqual(LOGGED_OUT);
      const mine = await logIn(name);
      const [kept, gone] = [await open(mine), await open(await logIn(name))];
      await post('/auth/password', { password: PASSWORD, newPassword: NEW_PASSWORD }, mine['accessToken']);
      expect(await gone.closed).toEqual(REVOKED);
      await kept.expectSilence();
      const next = await post('/auth/refresh', { refreshToken: mine['refreshToken'] });
      await post('/auth/refresh', { refreshToken: next.body['refreshToken'] });
      await post('/auth/refresh', { refreshToken: mine['refreshToken'] });
      expect(await kept.closed).toEqual(REVOKED);
    });

    it('is not left open by a logout that comes while it is being opened', async () => {
      for (let round = 0; round < 20; round += 1) {
        const session = await logIn(name);
        const opening = server.open(bearer(session['accessToken']));
        await new Promise((resolve) => setTimeout(resolve, round % 5));
        await post('/auth/logout', {}, session['accessToken']);
        const end = await opening.then(
          async (client) => (await client.closed).code,
          (error: unknown) => (error as UpgradeRefused).status,
        );
        expect([401, 4401]).toContain(end);
      }
    });

    it('finds users by id and by name, each once', async () => {
      const { user: ben } = await register(newName());
      const client = await open(grant);
      const wanted = {
        userIds: [ben.id, 'nobody', 'ü'],
        usernames: [name.toUpperCase(), 'nobody', 'x y'],
      };
      expect(await client.request('user.get', wanted)).toEqual({ users: [ben, grant['user']] });
      const twice = { userIds: [ben.id], usernames: [ben.username] };
      expect(await client.request('user.get', twice)).toEqual({ users: [ben] });
      expect(await client.request('user.get')).toEqual({ users: [] });
    });

    it('takes at most 200 ids and names together, and only those', async () => {
      const client = await open(grant);
      const names = (count: number) => Array.from({ length: count }, (_, i) => `nobody${i}`);
      await client.request('user.get', { userIds: names(100), usernames: names(100) });
      const bad = [
        { userIds: names(100), usernames: names(101) },
        { userIds: names(201) },
        { userIds: [7] },
        { usernames: null },
        { usernames: 'ann' },
        { userId: 'x' },
      ];
      for (const data of bad)
        expect(await failureOf(client.request('user.get', data))).toBe('VALIDATION_FAILED');
    });
  });

  it('logs no secret', async () => {
    const [ticket, next] = [
      await ticketFor(grant),
      (await post('/auth/refresh', { refreshToken: grant['refreshToken'] })).body,
    ];
    await open(next);
    await statusOf({ path: `/ws?token=${grant['accessToken']}` });
    await server.http.post('/auth/login', `{"password":"${PASSWORD}"`);
    const secrets = [PASSWORD, ticket, grant['accessToken'], grant['refreshToken'], next['accessToken']];
    for (const secret of secrets) expect(server.logs.join('')).not.toContain(secret);
  });
});

describe('the end of a token', () => {
  const clock = new ManualClock();

  beforeAll(async () => (server = await startServer({ clock })), 30_000);
  afterAll(async () => server.close());

  it('is announced, closes with 4401, and is put off by a newer token', async () => {
    const grant = await register(newName());
    const [left, prolonged] = [await open(grant), await open(grant)];
    const { tokenExpiresAt } = left.ready;
    await clock.advance(841_000);
    expect(await left.next('auth.expiring')).toEqual({ tokenExpiresAt });
    const { body } = await post('/auth/refresh', { refreshToken: grant['refreshToken'] });
    await prolonged.request('auth.refresh', { accessToken: body['accessToken'] });
    await left.expectSilence();
    await clock.advance(61_000);
    expect(await left.closed).toEqual({ code: 4401, reason: 'expired' });
    expect(await prolonged.request('auth.whoami')).toHaveProperty('user');
    expect(await statusOf(bearer(grant['accessToken']))).toBe(401);
  });
});
