import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import {
  type HttpAnswer,
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
  UpgradeRefused,
} from '../../../testing/index.js';
import { SuspensionsService } from '../accounts/suspensions.service.js';
import { TestIssuer } from './testing.js';

const LOGGED_OUT = { code: 4401, reason: 'logged-out' };
const REVOKED = { code: 4401, reason: 'revoked' };

describe('sessions at another provider', () => {
  const clock = new ManualClock();
  let issuer: TestIssuer;
  let server: TestServer;
  let people = 0;
  let subject: string;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    server = await startServer({ clock, env: { ...issuer.env, REGISTRATION: 'closed' } });
  }, 30_000);
  afterAll(async () => {
    await server.close();
    await issuer.stop();
  });
  beforeEach(async () => {
    subject = `subject-${(people += 1)}`;
    // The next token is of another second, and so newer.
    await clock.advance(1_000);
  });

  async function token(claims: JWTPayload = {}): Promise<string> {
    return await issuer.token(clock.now(), { sub: subject, preferred_username: 'Ann', ...claims });
  }

  async function me(accessToken: string): Promise<HttpAnswer> {
    return await server.http.get('/auth/me', { token: accessToken });
  }

  async function userOf(accessToken: string): Promise<Json> {
    const { status, body } = await me(accessToken);
    expect(status).toBe(200);
    return body['user'] as Json;
  }

  async function open(accessToken: string): Promise<TestClient> {
    const client = await server.open({ headers: { authorization: `Bearer ${accessToken}` } });
    client.ready = await client.next('ready');
    return client;
  }

  async function statusOf(offer: Parameters<TestServer['open']>[0]): Promise<number> {
    const outcome = await server.open(offer).catch((error: unknown) => error);
    return outcome instanceof UpgradeRefused ? outcome.status : 101;
  }

  it('are taken wherever our own tokens are, though registration is closed', async () => {
    const accessToken = await token({ sid: 'laptop', name: 'Ann Example' });
    const { body } = await me(accessToken);
    const user = { username: 'ann', displayName: 'Ann Example', deletedAt: null };
    expect(body).toMatchObject({ user, sessionId: 'laptop', expiresAt: expect.any(String) });
    const { body: issued } = await server.http.post('/auth/ticket', {}, { token: accessToken });
    const clients = await Promise.all([
      server.open({ headers: { authorization: `Bearer ${accessToken}` } }),
      server.open({ subprotocols: ['chat', `bearer.${accessToken}`] }),
      server.open({ path: `/ws?ticket=${issued['ticket']}` }),
    ]);
    for (const client of clients) {
      const { tokenExpiresAt, ...ready } = await client.next('ready');
      expect(ready).toMatchObject({ sessionId: 'laptop', user: body['user'] });
      expect(tokenExpiresAt).toBe(body['expiresAt']);
    }
  });

  it('make one user, however many see a subject for the first time', async () => {
    const tokens = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f'].map(async (sid) => token({ sid: subject + sid })),
    );
    const users = await Promise.all([...tokens, ...tokens].map(userOf));
    expect(new Set(users.map(({ id }) => id)).size).toBe(1);
    expect(new Set(users.map(({ username }) => username)).size).toBe(1);
  });

  it('are matched by subject only: a taken name gets a suffix, whoever has it', async () => {
    const first = await userOf(await token({ preferred_username: 'Zoë Müller' }));
    const other = `${subject}'`;
    const second = await userOf(await token({ sub: other, preferred_username: 'zoe-muller' }));
    expect([first['username'], second['username']]).toEqual(['zoe-muller', 'zoe-muller-2']);
    expect((await userOf(await token({ preferred_username: 'zoe-muller-2' })))['id']).toBe(first['id']);
    const nameless = await userOf(await token({ sub: `${other}'`, preferred_username: '李' }));
    expect(nameless['username']).toBe('user');
  });

  it('follow the name that the provider gives, until the user takes another', async () => {
    const { id, updatedAt } = await userOf(await token({ name: 'Ann\u202e\u0000 One', sid: subject }));
    const client = await open(await token({ name: 'Ann\u202e\u0000 One', sid: subject }));
    expect(client.ready['user']).toMatchObject({ displayName: 'Ann One' });
    await client.request('user.update', { displayName: 'My Own' });
    await clock.advance(1_000);
    expect(await userOf(await token({ name: 'Ann\u202e\u0000 One' }))).toMatchObject({
      displayName: 'My Own',
    });
    const stale = await token({ name: 'Stale', sid: `${subject}-2` });
    await clock.advance(1_000);
    const renamed = await userOf(await token({ name: 'Ann Two' }));
    expect(renamed).toMatchObject({ id, displayName: 'Ann Two' });
    expect(String(renamed['updatedAt']) > String(updatedAt)).toBe(true);
    expect(await userOf(stale)).toMatchObject({ displayName: 'Ann Two' });
    const { users } = await client.request('user.find', { query: 'ann two' });
    expect(users).toEqual([renamed]);
  });

  it('have no password and no refresh token here', async () => {
    const accessToken = await token();
    const { username } = await userOf(accessToken);
    const login = await server.http.post('/auth/login', { username, password: 'correct horse' });
    expect(login).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    const change = { password: 'correct horse', newPassword: 'battery staple' };
    const changed = await server.http.post('/auth/password', change, { token: accessToken });
    expect(changed).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    const refresh = await server.http.post('/auth/refresh', { refreshToken: accessToken.slice(0, 200) });
    expect(refresh).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });

  it('are prolonged in band by a token of the same session only', async () => {
    const client = await open(await token({ sid: subject }));
    await clock.advance(60_000);
    const { tokenExpiresAt } = await client.request('auth.refresh', {
      accessToken: await token({ sid: subject }),
    });
    expect(tokenExpiresAt).toBe(new Date(Math.floor(clock.now() / 1_000) * 1_000 + 900_000).toISOString());
    for (const claims of [{ sid: `${subject}-2` }, { sub: `${subject}'`, sid: `${subject}-3` }, {}]) {
      const accessToken = await token(claims);
      const refused = client.request('auth.refresh', { accessToken });
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    const stolen = client.request('auth.refresh', {
      accessToken: await token({ sub: `${subject}'`, sid: subject }),
    });
    await expect(stolen).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('end 30 s after their token, having been warned 60 s before it (T30)', async () => {
    const accessToken = await token({ sid: subject });
    const client = await open(accessToken);
    await clock.advance(841_000);
    expect(await client.next('auth.expiring')).toEqual({ tokenExpiresAt: client.ready['tokenExpiresAt'] });
    await clock.advance(85_000);
    await client.expectSilence();
    expect((await me(accessToken)).status).toBe(200);
    await clock.advance(5_000);
    expect(await client.closed).toEqual({ code: 4401, reason: 'expired' });
    expect((await me(accessToken)).status).toBe(401);
  });

  it('are listed, and end for good with auth.revoke, whatever token the provider gives (T31)', async () => {
    const [stolen, mine] = [`${subject}-stolen`, `${subject}-mine`];
    const old = await token({ sid: stolen, azp: 'phone' });
    const [theirs, own] = [await open(old), await open(await token({ sid: mine, azp: 'web' }))];
    const { sessions } = await own.request('auth.sessions');
    expect((sessions as Json[]).map(({ id, userAgent, current }) => [id, userAgent, current])).toEqual(
      expect.arrayContaining([
        [stolen, 'phone', false],
        [mine, 'web', true],
      ]),
    );
    await own.request('auth.revoke', { sessionId: stolen });
    expect(await theirs.closed).toEqual(REVOKED);
    expect((await me(old)).status).toBe(401);
    await clock.advance(1_000);
    expect((await me(await token({ sid: stolen }))).status).toBe(401);
    expect(await statusOf({ headers: { authorization: `Bearer ${old}` } })).toBe(401);
    await own.expectSilence();
  });

  it('without a sid are one for each client, and a later login takes them up again', async () => {
    const [web, phone] = [await token({ azp: 'web' }), await token({ client_id: 'phone' })];
    const [first, other] = [await open(web), await open(phone)];
    expect(first.ready['sessionId']).not.toBe(other.ready['sessionId']);
    await server.http.post('/auth/logout', {}, { token: web });
    expect(await first.closed).toEqual(LOGGED_OUT);
    expect((await me(web)).status).toBe(401);
    await other.expectSilence();
    await clock.advance(1_000);
    const again = await token({ azp: 'web' });
    expect((await me(again)).body['sessionId']).toBe(first.ready['sessionId']);
    // What was revoked stays so, though its session is open again.
    expect((await me(web)).status).toBe(401);
  });

  it('do not take over a session of our own, nor another user’s', async () => {
    const sid = 'shared-session';
    expect((await me(await token({ sid }))).status).toBe(200);
    expect((await me(await token({ sub: `${subject}'`, sid }))).status).toBe(401);
  });

  it('are refused to a suspended user', async () => {
    const accessToken = await token();
    const client = await open(accessToken);
    await server.get(SuspensionsService).suspend(String((client.ready['user'] as Json)['id']));
    expect((await client.closed).code).toBe(4403);
    expect(await me(accessToken)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await statusOf({ headers: { authorization: `Bearer ${await token({ sid: 'new' })}` } })).toBe(403);
  });
});
