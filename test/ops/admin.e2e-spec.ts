import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runProcess, startProcess, startServer, TestHttp, type TestUser } from 'parley/testing';
import { Draining } from '../../src/realtime/index.js';
import { freePort } from '../support/free-port.js';
import { ADMIN_TOKEN, type AdminServer, startAdminServer } from './admin-server.js';

const STARTS_TIMEOUT_MS = 60_000;

let service: AdminServer;

beforeAll(async () => {
  service = await startAdminServer();
});
afterAll(() => service.server.close());

const suspend = async (userId: string, token = ADMIN_TOKEN) =>
  await service.admin.post(`/users/${userId}/suspend`, '', { token });
const unsuspend = async (userId: string) =>
  await service.admin.post(`/users/${userId}/unsuspend`, '', { token: ADMIN_TOKEN });

describe('the admin listener', () => {
  it('is not on the public port (T42)', async () => {
    const { http } = service.server;
    const { id } = await service.server.user('nobody-special');
    for (const path of ['/metrics', '/admin', '/admin/metrics']) {
      await expect(http.get(path)).resolves.toMatchObject({ status: 404 });
    }
    const options = { token: ADMIN_TOKEN };
    await expect(http.post(`/users/${id}/suspend`, {}, options)).resolves.toMatchObject({ status: 404 });
    await expect(http.get('/auth/me', await bearer('nobody-special'))).resolves.toMatchObject({
      status: 200,
    });
  });

  it('has nothing of the public port', async () => {
    for (const path of ['/', '/auth/me', '/docs', '/.well-known/jwks.json']) {
      const { status, body } = await service.admin.get(path);
      expect({ path, status, code: body['code'] }).toEqual({ path, status: 404, code: 'NOT_FOUND' });
    }
    const { status, headers } = await service.admin.get('/health/live');
    expect(status).toBe(200);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('says how the node is, also while it drains', async () => {
    await expect(service.admin.get('/health/ready')).resolves.toMatchObject({ status: 200 });
    const draining = service.server.get(Draining);
    draining.isDraining = true;
    const { status, body } = await service.admin.get('/health/ready');
    draining.isDraining = false;
    expect({ status, body }).toEqual({ status: 503, body: { status: 'down', down: ['draining'] } });
  });

  it.each(['PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const answer = await fetch(`${service.admin['url']}/metrics`, { method });
    expect(answer.status).toBe(405);
  });

  it('is off with port 0', async () => {
    const server = await startServer({ env: { ADMIN_PORT: '0', ADMIN_TOKEN } });
    expect(server.config.ADMIN_PORT).toBe(0);
    await expect(server.http.post('/users/x/suspend', {}, { token: ADMIN_TOKEN })).resolves.toMatchObject({
      status: 404,
    });
    await server.close();
  });

  it('is gone when the service has stopped', async () => {
    const { server, admin } = await startAdminServer();
    await expect(admin.get('/health/live')).resolves.toMatchObject({ status: 200 });
    await server.close();
    await expect(admin.get('/health/live')).rejects.toThrow('fetch failed');
  });
});

const bearer = async (name: string) => ({ token: (await service.server.user(name)).accessToken });

describe('suspending a user', () => {
  it('shuts the user out of everything at once, until the user is let in again', async () => {
    const { server } = service;
    const ann = await server.user('ann');
    const open = [await server.connect('ann'), await server.connect('ann', { subprotocol: 'superchat' })];
    const bob = await server.connect('bob');

    await expect(suspend(ann.id)).resolves.toMatchObject({ status: 204, body: {} });
    for (const client of open) await expect(client.closed).resolves.toMatchObject({ code: 4403 });
    await expectShutOut(ann);
    await bob.expectSilence();

    await expect(unsuspend(ann.id)).resolves.toMatchObject({ status: 204 });
    const again = await server.connect('ann');
    await expect(again.request('auth.whoami')).resolves.toMatchObject({ user: { id: ann.id } });
    await expect(server.http.post('/auth/login', credentials(ann))).resolves.toMatchObject({ status: 200 });
  });

  it('may be done twice', async () => {
    const { id } = await service.server.user('twice');
    for (const change of [suspend, suspend, unsuspend, unsuspend]) {
      await expect(change(id)).resolves.toMatchObject({ status: 204 });
    }
  });

  it.each(['', 'x', ADMIN_TOKEN.slice(1), `${ADMIN_TOKEN}x`, ADMIN_TOKEN.toUpperCase()])(
    'is refused to the token %j (T27)',
    async (token) => {
      const { id } = await service.server.user('safe');
      const { status, headers, body } = await suspend(id, token);
      expect({ status, code: body['code'] }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
      expect(headers.get('www-authenticate')).toBe('Bearer');
      await expect(service.server.http.get('/auth/me', await bearer('safe'))).resolves.toMatchObject({
        status: 200,
      });
    },
  );

  it('is refused to an access token, and to a request without any', async () => {
    const { id, accessToken } = await service.server.user('mallory');
    await expect(suspend(id, accessToken)).resolves.toMatchObject({ status: 401 });
    await expect(service.admin.post(`/users/${id}/suspend`, '')).resolves.toMatchObject({ status: 401 });
  });

  it.each([
    ['a name', 'nobody'],
    ['the id of nobody', '0197f2a4-0000-7000-8000-000000000000'],
    ['a null byte', '%00'],
    ['a path', '..%2f..%2fmetrics'],
    ['a long text', 'x'.repeat(5000)],
  ])('does not find %s', async (_, id) => {
    await expect(suspend(id)).resolves.toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it.each(['/users', '/users/', '/users//suspend', '/users/x/delete', '/users/x/suspend/'])(
    'has no call %s',
    async (path) => {
      const answer = await service.admin.post(path, '', { token: ADMIN_TOKEN });
      expect(answer).toMatchObject({ status: 404 });
    },
  );

  it('does not exist without a token in the configuration', async () => {
    const { server, admin } = await startAdminServer({ env: { ADMIN_TOKEN: '' } });
    const { id, accessToken } = await server.user('ann');
    for (const token of [ADMIN_TOKEN, accessToken, 'null', 'undefined']) {
      const { status } = await admin.post(`/users/${id}/suspend`, '', { token });
      expect(status).toBe(404);
    }
    await expect(admin.get('/metrics').catch(() => 'text')).resolves.toBe('text');
    await server.close();
  });
});

const credentials = ({ username, password }: TestUser) => ({ username, password });

/** Every way in: a login, a refresh, a call, a ticket, an upgrade. */
async function expectShutOut(user: TestUser): Promise<void> {
  const { http, connect } = {
    http: service.server.http,
    connect: service.server.connect.bind(service.server),
  };
  const token = { token: user.accessToken };
  const answers = [
    await http.post('/auth/login', credentials(user)),
    await http.post('/auth/refresh', { refreshToken: user.refreshToken }),
    await http.get('/auth/me', token),
    await http.post('/auth/ticket', {}, token),
    await http.post('/auth/password', { password: user.password, newPassword: 'another one' }, token),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
  await expect(connect(user.username)).rejects.toMatchObject({ status: 403 });
  const wrong = await http.post('/auth/login', { ...credentials(user), password: 'a wrong one' });
  expect(wrong.status).toBe(401);
}

describe('a suspension', () => {
  it(
    'is in the log, and outlives a restart',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'parley-'));
      const before = await startAdminServer({ dataDir });
      const ann = await before.server.user('ann');
      await before.admin.post(`/users/${ann.id}/suspend`, '', { token: ADMIN_TOKEN });
      const records = before.server.logs.filter((line) => line.includes(ann.id)).join();
      expect(records).toContain('"msg":"user suspended"');
      expect(before.server.logs.join()).not.toContain(ADMIN_TOKEN);
      await before.server.close();
      const after = await startAdminServer({ dataDir });
      const login = await after.server.http.post('/auth/login', credentials(ann));
      expect(login.status).toBe(403);
      const { status } = await after.admin.post(`/users/${ann.id}/unsuspend`, '', { token: ADMIN_TOKEN });
      expect(status).toBe(204);
      await expect(after.server.http.post('/auth/login', credentials(ann))).resolves.toMatchObject({
        status: 200,
      });
      await after.server.close();
      await rm(dataDir, { recursive: true });
    },
    STARTS_TIMEOUT_MS,
  );
});

/** Takes the default port, as soon as whoever has it just now lets it go; one who keeps it serves as well. */
async function heldDefaultPort(): Promise<Server> {
  const server = createServer();
  for (let tries = 0; tries < 100 && !server.listening; tries++) {
    await once(server.listen(9464, '127.0.0.1'), 'listening').catch(() => delay(100));
  }
  return server;
}

describe('a port that is taken', () => {
  it(
    'stops the start with one line when it was asked for',
    async () => {
      const cwd = await mkdtemp(join(tmpdir(), 'parley-'));
      const port = await freePort();
      const other = createServer();
      await once(other.listen(port, '127.0.0.1'), 'listening');
      const { code, output } = await runProcess({ cwd, env: { ADMIN_PORT: String(port) } });
      expect({ code, output }).toEqual({
        code: 1,
        output: `Parley cannot start: port ${port} of 127.0.0.1 is taken by another process: set ADMIN_PORT to another, or to 0 for none\n`,
      });
      other.close();
      await rm(cwd, { recursive: true });
    },
    STARTS_TIMEOUT_MS,
  );

  it(
    'costs a node that nobody asked for it its admin listener alone, which it says',
    async () => {
      const cwd = await mkdtemp(join(tmpdir(), 'parley-'));
      const other = await heldDefaultPort();
      const node = await startProcess({ cwd, env: { ADMIN_PORT: '' } });
      await expect(new TestHttp(node.url).get('/health/ready')).resolves.toMatchObject({ status: 200 });
      await node.kill();
      // All of the output is there only now.
      expect(node.output).toMatch(
        /"level":"warn".*there is no admin listener: port 9464 of 127\.0\.0\.1 is taken/,
      );
      other.close();
      await rm(cwd, { recursive: true });
    },
    STARTS_TIMEOUT_MS,
  );
});
