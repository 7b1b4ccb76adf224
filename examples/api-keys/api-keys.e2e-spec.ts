import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from 'parley/testing';
import { AppModule } from './app.module.js';

describe('api keys', () => {
  let server: TestServer;
  /** The bot's account, made as any other. */
  let token: string;
  let key: string;
  let keyId: string;

  beforeAll(async () => (server = await startServer({ module: AppModule })));
  afterAll(() => server.close());

  beforeEach(async () => {
    ({ accessToken: token } = await server.user('bot'));
    const { status, body } = await server.http.post('/api-keys', { name: 'build' }, { token });
    expect(status).toBe(201);
    ({ key, id: keyId } = body as { key: string; id: string });
  });

  const connectWith = async (value: string): Promise<TestClient> => {
    const client = await server.open({ headers: { 'x-api-key': value } });
    client.ready = await client.next('ready');
    return client;
  };
  const revoke = (id: string, bearer = token) =>
    fetch(`${server.url}/api-keys/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${bearer}` },
    });

  it('open connections, as the user that they were made for', async () => {
    const bot = await connectWith(key);
    expect(bot.ready).toMatchObject({ user: { username: 'bot' }, tokenExpiresAt: null });
    await expect(bot.request('auth.whoami')).resolves.toMatchObject({ user: { username: 'bot' } });
  });

  it('are a credential of HTTP too, also of calls that are not the team’s', async () => {
    const headers = { 'x-api-key': key };
    const { status, body } = await server.http.get('/auth/me', { headers });
    expect([status, (body['user'] as Json)['username']]).toEqual([200, 'bot']);
    const ticket = await server.http.post('/auth/ticket', {}, { headers });
    expect(ticket.status).toBe(201);
  });

  it.each([['key_of-nobody'], ['']])('are refused when nobody has them: %p', async (wrong) => {
    const headers = { 'x-api-key': wrong };
    await expect(server.open({ headers })).rejects.toMatchObject({ status: 401 });
    expect((await server.http.get('/auth/me', { headers })).status).toBe(401);
  });

  it('are not passed over for a token that comes with them', async () => {
    const headers = { 'x-api-key': 'key_of-nobody', authorization: `Bearer ${token}` };
    await expect(server.open({ headers })).rejects.toMatchObject({ status: 401 });
  });

  it('leave those alone who come with a token', async () => {
    const bot = await server.connect('bot');
    expect(bot.ready['tokenExpiresAt']).not.toBeNull();
    await expect(server.open()).rejects.toMatchObject({ status: 401 });
  });

  it('close their connections, and theirs alone, when they are revoked', async () => {
    const [bot, person] = await Promise.all([connectWith(key), server.connect('bot')]);
    expect((await revoke(keyId)).status).toBe(204);
    await expect(bot.closed).resolves.toEqual({ code: 4401, reason: 'revoked' });
    await expect(connectWith(key)).rejects.toMatchObject({ status: 401 });
    expect((await server.http.get('/auth/me', { headers: { 'x-api-key': key } })).status).toBe(401);
    await expect(person.request('auth.whoami')).resolves.toBeDefined();
  });

  it('are sessions that their user sees and ends', async () => {
    const [bot, person] = await Promise.all([connectWith(key), server.connect('bot')]);
    const { sessions } = await person.request('auth.sessions');
    const own = (sessions as Json[]).find(({ id }) => id === bot.ready['sessionId']);
    expect(own).toMatchObject({ userAgent: 'API key: build', current: false });
    await person.request('auth.revoke', { sessionId: own?.['id'] });
    await expect(bot.closed).resolves.toEqual({ code: 4401, reason: 'revoked' });
    await expect(connectWith(key)).rejects.toMatchObject({ status: 401 });
  });

  it('are nobody else’s to revoke', async () => {
    const { accessToken } = await server.user('eve');
    expect((await revoke(keyId, accessToken)).status).toBe(404);
    await expect(connectWith(key)).resolves.toBeDefined();
  });

  it('make no keys', async () => {
    const { status } = await server.http.post(
      '/api-keys',
      { name: 'more' },
      { headers: { 'x-api-key': key } },
    );
    expect(status).toBe(403);
  });

  describe('of a room’s admin', () => {
    let owner: TestClient;
    let roomId: string;

    beforeAll(async () => {
      owner = await server.connect('ann');
      const { id } = await server.user('bot');
      const { room } = await owner.request('room.create', { kind: 'group', name: 'news', memberIds: [id] });
      roomId = room.id;
      await owner.request('room.role', { roomId, userId: id, role: 'admin' });
    });

    const announced = (): Promise<Json> =>
      owner.next('room.event', (event) => event['type'] === 'announcement.made');

    it('announce by a frame', async () => {
      const bot = await connectWith(key);
      await bot.request('announcement.make', { roomId, text: 'built' });
      await expect(announced()).resolves.toMatchObject({ text: 'built' });
    });

    it('announce by a call', async () => {
      const headers = { 'x-api-key': key };
      const path = `/rooms/${roomId}/announcements`;
      expect((await server.http.post(path, { text: 'tested' }, { headers })).status).toBe(201);
      await expect(announced()).resolves.toMatchObject({ text: 'tested' });
    });

    it.each([
      ['member', 'FORBIDDEN', 403],
      ['stranger', 'NOT_FOUND', 404],
    ])('do what no %s does', async (name, code, status) => {
      const client = await server.connect(name);
      const { id, accessToken } = await server.user(name);
      if (name === 'member') await owner.request('room.add', { roomId, userIds: [id] });
      const frame = client.request('announcement.make', { roomId, text: 'no' });
      await expect(frame).rejects.toMatchObject({ code });
      const call = { token: accessToken };
      const answer = await server.http.post(`/rooms/${roomId}/announcements`, { text: 'no' }, call);
      expect(answer.status).toBe(status);
    });

    it.each([[{}], [{ roomId: 7 }], [{ roomId: {} }]])('name a room: %j', async (data) => {
      const bot = await connectWith(key);
      const frame = bot.request('announcement.make', { ...data, text: 'built' });
      await expect(frame).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    });
  });
});
