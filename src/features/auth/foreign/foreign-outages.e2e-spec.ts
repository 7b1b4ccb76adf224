import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type HttpAnswer,
  ManualClock,
  startServer,
  type TestServer,
  UpgradeRefused,
} from '../../../testing/index.js';
import { SessionPurge } from '../sessions/session-purge.js';
import { TestIssuer } from './testing.js';

const DAY_S = 86_400;
const DAY_MS = 86_400_000;
const UNAVAILABLE = { status: 503, body: { code: 'UNAVAILABLE' } };

let clock: ManualClock;
let issuer: TestIssuer;
let dataDir: string;
let server: TestServer;

beforeEach(async () => {
  clock = new ManualClock();
  issuer = await TestIssuer.start();
  dataDir = await mkdtemp(join(tmpdir(), 'parley-foreign-'));
});
afterEach(async () => {
  await server.close();
  await issuer.stop();
  await rm(dataDir, { recursive: true });
});

async function start(): Promise<void> {
  server = await startServer({ clock, dataDir, env: issuer.env });
}

async function me(token: string): Promise<HttpAnswer> {
  return await server.http.get('/auth/me', { token });
}

describe('a revoked session at another provider', () => {
  it('stays revoked over a restart and a purge, until its tokens are over (T31)', async () => {
    await start();
    const inDays = (days: number) => ({ sub: 'ann', sid: 'laptop', exp: clock.now() / 1_000 + days * DAY_S });
    const [used, unused] = [
      await issuer.token(clock.now(), inDays(40)),
      await issuer.token(clock.now(), inDays(29)),
    ];
    expect((await me(used)).status).toBe(200);
    expect((await server.http.post('/auth/logout', {}, { token: used })).status).toBe(204);
    await server.close();
    await start();
    for (const token of [used, unused]) expect((await me(token)).status).toBe(401);
    clock.jump(29 * DAY_MS - 1_000);
    await server.get(SessionPurge).purge();
    for (const token of [used, unused]) expect((await me(token)).status).toBe(401);
  });

  it('stays revoked for as long as the provider gives tokens of it', async () => {
    await start();
    const token = async (sub = 'ann') => issuer.token(clock.now(), { sub, sid: `${sub}-laptop` });
    await server.http.post('/auth/logout', {}, { token: await token() });
    for (let month = 0; month < 4; month += 1) {
      clock.jump(29 * DAY_MS);
      await server.get(SessionPurge).purge();
      expect((await me(await token())).status).toBe(401);
    }
    expect((await me(await token('ben'))).status).toBe(200);
  });
});

describe('while the provider cannot be reached', () => {
  const refuseAll = (): void => {
    issuer.answer = (_, response) => response.writeHead(503).end();
  };

  it('a token by an unknown key is UNAVAILABLE, not refused; our own are as ever', async () => {
    refuseAll();
    await start();
    const token = await issuer.token(clock.now(), { sub: 'ann' });
    const answer = await me(token);
    expect(answer).toMatchObject(UNAVAILABLE);
    expect(answer.headers.get('retry-after')).toBe('5');
    const upgrade = await server
      .open({ headers: { authorization: `Bearer ${token}` } })
      .catch((error: unknown) => error);
    expect(upgrade).toBeInstanceOf(UpgradeRefused);
    expect((upgrade as UpgradeRefused).status).toBe(503);
    const own = await server.connect('ben');
    const refresh = own.request('auth.refresh', { accessToken: token });
    await expect(refresh).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    issuer.answer = undefined;
    await clock.advance(5_000);
    expect((await me(token)).status).toBe(200);
  });

  it('users whose key is known go on', async () => {
    await start();
    expect((await me(await issuer.token(clock.now(), { sub: 'ann' }))).status).toBe(200);
    refuseAll();
    await clock.advance(600_000);
    expect((await me(await issuer.token(clock.now(), { sub: 'ann' }))).status).toBe(200);
    expect(await me(await issuer.token(clock.now(), { sub: 'ann' }, { kid: 'new' }))).toMatchObject(
      UNAVAILABLE,
    );
  });
});
