/* @one-node Fills the bucket of one node while time stands still, and the connections of one node; on many, tickets end by the clock of Redis. */

import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock, startServer, type TestServer, UpgradeRefused } from '../../../testing/index.js';

describe('POST /auth/ticket', () => {
  let server: TestServer;

  afterEach(async () => server.close());

  async function askFor(name: string, headers: Record<string, string> = {}) {
    const { accessToken } = await server.user(name);
    return await server.http.post('/auth/ticket', {}, { token: accessToken, headers });
  }

  it('takes from the bucket of upgrades', async () => {
    // Time stands still, so that a slow machine fills no bucket.
    server = await startServer({ clock: new ManualClock(), env: { RATE_UPGRADES_PER_S: '1' } });
    await server.connect('ann');
    expect((await askFor('ann')).status).toBe(201);
    const limited = await askFor('ann');
    expect(limited).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    await expect(server.connect('ann')).rejects.toBeInstanceOf(UpgradeRefused);
  });

  it('is refused where an upgrade would be: a foreign page, a full service', async () => {
    server = await startServer({ env: { MAX_CONNECTIONS: '1' } });
    const foreign = await askFor('ann', { origin: 'https://evil.test' });
    expect(foreign).toMatchObject({ status: 403, body: { code: 'ORIGIN_NOT_ALLOWED' } });
    expect((await askFor('ann', { origin: server.url })).status).toBe(201);
    await server.connect('ann');
    const full = await askFor('ann');
    expect(full).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(full.headers.get('retry-after')).not.toBeNull();
  });

  it('gives one that opens a connection for 30 seconds, and no longer', async () => {
    const clock = new ManualClock();
    server = await startServer({ clock });
    const [early, late] = [(await askFor('ann')).body, (await askFor('ann')).body];
    expect(early['expiresIn']).toBe(30);
    await clock.advance(29_999);
    await (await server.open({ path: `/ws?ticket=${String(early['ticket'])}` })).next('ready');
    await clock.advance(1);
    const path = `/ws?ticket=${String(late['ticket'])}`;
    await expect(server.open({ path })).rejects.toMatchObject({ status: 401 });
  });

  it('opens a connection of the user as they are by then', async () => {
    server = await startServer();
    const { body } = await askFor('ann');
    await (await server.connect('ann')).request('user.update', { displayName: 'Ann the Second' });
    const client = await server.open({ path: `/ws?ticket=${String(body['ticket'])}` });
    expect(await client.next('ready')).toMatchObject({ user: { displayName: 'Ann the Second' } });
  });
});
