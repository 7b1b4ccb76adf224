import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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

const ANN = { username: 'ann', password: 'correct horse' };
const NEW_PASSWORD = 'battery staple';

let clock: ManualClock;
let dataDir: string;
let server: TestServer;

beforeEach(async () => {
  clock = new ManualClock();
  dataDir = await mkdtemp(join(tmpdir(), 'parley-sessions-'));
  await start();
  await server.http.post('/auth/register', ANN);
});
afterEach(async () => {
  await server.close();
  await rm(dataDir, { recursive: true });
});

async function start(): Promise<void> {
  server = await startServer({ clock, dataDir });
}

async function restart(): Promise<void> {
  await server.close();
  await start();
}

async function logIn(): Promise<Json> {
  const { status, body } = await server.http.post('/auth/login', ANN);
  expect(status).toBe(200);
  return body;
}

async function refresh({ refreshToken }: Json): Promise<HttpAnswer> {
  return await server.http.post('/auth/refresh', { refreshToken });
}

async function open({ accessToken }: Json): Promise<TestClient> {
  const client = await server.open({ headers: { authorization: `Bearer ${String(accessToken)}` } });
  client.ready = await client.next('ready');
  return client;
}

/** What a session's tokens are answered: at a call, at an upgrade, and at a refresh, which they do not survive. */
async function fatesOf(grant: Json): Promise<number[]> {
  const token = String(grant['accessToken']);
  const upgrade = await open(grant).then(
    () => 101,
    (error: unknown) => (error as UpgradeRefused).status,
  );
  return [(await server.http.get('/auth/me', { token })).status, upgrade, (await refresh(grant)).status];
}

const ALIVE = [200, 101, 200];
const ENDED = [401, 401, 401];

describe('the end of a session outlives a restart (T31)', () => {
  const endings: Record<string, (of: Json, by: Json) => Promise<unknown>> = {
    'by auth.revoke': async (of, by) => {
      const { body } = await server.http.get('/auth/me', { token: String(of['accessToken']) });
      return await (await open(by)).request('auth.revoke', { sessionId: body['sessionId'] });
    },
    'by auth.logout': async (of) => (await open(of)).request('auth.logout'),
    'by a logout over HTTP': async (of) =>
      server.http.post('/auth/logout', {}, { token: String(of['accessToken']) }),
    'by a new password': async (_, by) =>
      server.http.post(
        '/auth/password',
        { password: ANN.password, newPassword: NEW_PASSWORD },
        { token: String(by['accessToken']) },
      ),
    'by a refresh token that came twice': async (of) => {
      const { body } = await refresh(of);
      await refresh(body);
      await refresh(of);
    },
  };

  it.each(Object.keys(endings))('%s', async (name) => {
    const [of, by] = [await logIn(), await logIn()];
    await endings[name]?.(of, by);
    await restart();
    expect(await fatesOf(of)).toEqual(ENDED);
    expect(await fatesOf(by)).toEqual(ALIVE);
  });

  it('and so does a suspension', async () => {
    const grant = await logIn();
    await server.get(SuspensionsService).suspend(String((grant['user'] as Json)['id']));
    await restart();
    expect(await fatesOf(grant)).toEqual([403, 403, 403]);
  });
});

describe('a revocation (T31)', () => {
  it('reaches every connection of the session at once, and no other', async () => {
    const [of, by] = [await logIn(), await logIn()];
    const clients = await Promise.all(Array.from({ length: 10 }, async () => open(of)));
    const other = await open(by);
    // The clock stands still: what closes them waits for no timer.
    await other.request('auth.revoke', { sessionId: clients[0]?.ready['sessionId'] });
    const ends = await Promise.all(clients.map(async ({ closed }) => closed));
    expect(ends).toEqual(clients.map(() => ({ code: 4401, reason: 'revoked' })));
    await other.expectSilence();
  });
});

describe('a lost answer of a refresh', () => {
  it('logs nobody out within 60 s, not even over a restart', async () => {
    const grant = await logIn();
    const client = await open(grant);
    const lost = (await refresh(grant)).body;
    await clock.advance(59_000);
    const { status, body } = await refresh(grant);
    expect(status).toBe(200);
    await client.expectSilence();
    await restart();
    expect((await refresh(grant)).status).toBe(200);
    await clock.advance(1_000);
    for (const spent of [grant, lost, body]) expect((await refresh(spent)).status).toBe(401);
  });

  it('that arrived and was used is remembered over a restart', async () => {
    const grant = await logIn();
    const next = (await refresh(grant)).body;
    expect((await server.http.get('/auth/me', { token: String(next['accessToken']) })).status).toBe(200);
    await restart();
    expect((await refresh(grant)).status).toBe(401);
    expect(await fatesOf(next)).toEqual(ENDED);
  });
});

describe('a jump of the wall clock (T30)', () => {
  it.each([3_600_000, -7_200_000])('by %i ms closes nobody; the end comes when it is due', async (jump) => {
    const grants = [await logIn(), await logIn()];
    const clients = await Promise.all([...grants, ...grants].map(open));
    clock.jump(jump);
    await clock.advance(10_000);
    for (const client of clients) await client.expectSilence();
    const [first, second] = clients;
    const { body } = await refresh(grants[0] as Json);
    await first?.request('auth.refresh', { accessToken: body['accessToken'] });
    await clock.advance(892_000);
    expect(await second?.closed).toEqual({ code: 4401, reason: 'expired' });
    expect(await clients[3]?.closed).toEqual({ code: 4401, reason: 'expired' });
  });
});
