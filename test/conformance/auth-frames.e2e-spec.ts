import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json, TestClient, TestTarget } from 'parley/testing';
import { codeOf, expectShape, ISO_TIME, NOBODY, pathsOf, serve, type Service } from './contract.js';

async function login(target: TestTarget, username: string): Promise<Json> {
  const { body } = await target.http.post('/auth/login', { username, password: `${username}'s password` });
  return body;
}

describe('auth.* and user.* frames', () => {
  let service: Service;
  let target: TestTarget;
  let ann: TestClient;

  beforeAll(async () => {
    service = await serve();
    target = service.process;
    ann = await target.connect('ann');
  });
  afterAll(() => service.stop());

  it('tell who one is', async () => {
    const { user, sessionId, connectionId, tokenExpiresAt } = ann.ready;
    await expect(ann.request('auth.whoami')).resolves.toEqual({
      user,
      sessionId,
      connectionId,
      tokenExpiresAt,
    });
    expectShape(user, 'user');
    expect(tokenExpiresAt).toMatch(ISO_TIME);
  });

  it('take a newer token of the same session only', async () => {
    const session = await login(target, 'ann');
    const client = await target.open({ headers: { authorization: `Bearer ${session['accessToken']}` } });
    const { body } = await target.http.post('/auth/refresh', { refreshToken: session['refreshToken'] });
    const refreshed = await client.request('auth.refresh', { accessToken: body['accessToken'] });
    expect(refreshed).toEqual({ tokenExpiresAt: expect.stringMatching(ISO_TIME) });
    const { tokenExpiresAt } = await client.request('auth.whoami');
    expect(tokenExpiresAt).toBe(refreshed['tokenExpiresAt']);
    const other = await login(target, 'ann');
    const bob = await target.user('bob');
    for (const accessToken of [other['accessToken'], bob.accessToken])
      expect(await codeOf(client, 'auth.refresh', { accessToken })).toBe('FORBIDDEN');
    for (const accessToken of ['rubbish', `${body['accessToken']}x`])
      expect(await codeOf(client, 'auth.refresh', { accessToken })).toBe('UNAUTHENTICATED');
    expect(await pathsOf(client, 'auth.refresh', {})).toEqual(['accessToken']);
    expect(await pathsOf(client, 'auth.refresh', { accessToken: 7 })).toEqual(['accessToken']);
  });

  it('find users by id and by exact name, in order, without the unknown', async () => {
    const [bob, cat] = [await target.user('bob'), await target.user('cat')];
    const { users } = await ann.request('user.get', { userIds: [cat.id, NOBODY, bob.id, 'no id at all'] });
    expect(users).toMatchObject([{ id: cat.id }, { id: bob.id }]);
    for (const user of users) expectShape(user, 'user');
    const named = await ann.request('user.get', { usernames: ['cat', 'nobody-here', 'bob', 'ca'] });
    expect(named).toEqual({ users });
    const none = await ann.request('user.get', { usernames: ['nobody-here'] });
    expect(none).toEqual({ users: [] });
    const twice = await ann.request('user.get', { userIds: [bob.id, bob.id], usernames: ['bob'] });
    expect(twice['users']).toHaveLength(1);
  });

  it('bound a look-up at 200', async () => {
    const ids = Array.from({ length: 201 }, (_, i) => `id-${i}`);
    await expect(ann.request('user.get', { userIds: ids.slice(1) })).resolves.toEqual({ users: [] });
    expect(await pathsOf(ann, 'user.get', { userIds: ids })).toEqual(['userIds']);
    expect(await pathsOf(ann, 'user.get', { usernames: ids })).toEqual(['usernames']);
    expect(await pathsOf(ann, 'user.get', { userIds: 'one' })).toEqual(['userIds']);
    expect(await codeOf(ann, 'user.get', { userIds: [7] })).toBe('VALIDATION_FAILED');
  });

  it('are pushes to none but the session whose token ends', async () => {
    await ann.expectSilence();
  });
});

describe('a token of two seconds', () => {
  let service: Service;
  let target: TestTarget;

  beforeAll(async () => {
    service = await serve({ ACCESS_TOKEN_TTL: '2' });
    target = service.process;
  });
  afterAll(() => service.stop());

  it('is announced at once, and closes the connection when it ends', async () => {
    const client = await target.connect('ann');
    const expiring = await client.next('auth.expiring');
    expect(expiring).toEqual({ tokenExpiresAt: client.ready['tokenExpiresAt'] });
    await expect(client.closed).resolves.toEqual({ code: 4401, reason: 'expired' });
    const late = Date.now() - Date.parse(expiring['tokenExpiresAt']);
    expect(late).toBeGreaterThanOrEqual(-50);
    expect(late).toBeLessThan(1500);
  });

  it('is refused afterwards', async () => {
    const { body } = await target.http.post('/auth/register', { username: 'late', password: 'long enough' });
    expect(body['expiresIn']).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 3100));
    const token = String(body['accessToken']);
    expect((await target.http.get('/auth/me', { token })).status).toBe(401);
    await expect(target.open({ headers: { authorization: `Bearer ${token}` } })).rejects.toMatchObject({
      status: 401,
    });
  });

  it('gives way to a newer one, which is announced again', async () => {
    const { body } = await target.http.post('/auth/register', { username: 'bob', password: 'long enough' });
    const client = await target.open({ headers: { authorization: `Bearer ${body['accessToken']}` } });
    await client.next('auth.expiring');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { body: next } = await target.http.post('/auth/refresh', { refreshToken: body['refreshToken'] });
    const { tokenExpiresAt } = await client.request('auth.refresh', { accessToken: next['accessToken'] });
    await expect(client.next('auth.expiring')).resolves.toEqual({ tokenExpiresAt });
    await expect(client.closed).resolves.toMatchObject({ code: 4401, reason: 'expired' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(tokenExpiresAt) - 50);
  });
});
