import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, RequestFailed, startServer, type TestServer, UpgradeRefused } from './index.js';

describe('the test kit', () => {
  let server: TestServer;
  const clock = new ManualClock();

  beforeAll(async () => {
    server = await startServer({ clock, env: { MAX_FRAME_BYTES: '1024' } });
  });
  afterAll(async () => {
    const dataDir = server.config.DATA_DIR;
    await server.close();
    expect(existsSync(dataDir)).toBe(false);
  });

  it.each(['header', 'subprotocol', 'ticket'] as const)('connects a user by %s', async (via) => {
    const ann = await server.connect('ann', { via });
    expect(ann.ready['user']).toMatchObject({ username: 'ann' });
    expect(ann.ready['serverTime']).toMatch(/^2030-/);
    expect(await ann.close()).toEqual({ code: 1000, reason: '' });
  });

  it('registers a name once', async () => {
    const [first, second] = await Promise.all([server.user('once'), server.user('once')]);
    expect(second).toEqual(first);
  });

  it('logs in again when the token has run out', async () => {
    const first = await server.user('late');
    await clock.advance(901_000);
    const second = await server.user('late');
    expect(second.id).toBe(first.id);
    expect(second.expiresAtMs).toBeGreaterThan(first.expiresAtMs);
    await (await server.connect('late')).close();
  });

  it('gives replies, and failures as errors', async () => {
    const ann = await server.connect('ann');
    await expect(ann.request('auth.whoami')).resolves.toMatchObject({ user: { username: 'ann' } });
    const failure = await ann.request('user.get', { nonsense: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RequestFailed);
    expect(failure).toMatchObject({ code: 'VALIDATION_FAILED', event: 'user.get' });
    expect((failure as RequestFailed).details.map(({ path }) => path)).toContain('nonsense');
    await ann.terminate();
  });

  it('sends frames as they are', async () => {
    const ann = await server.connect('ann');
    ann.send('no json');
    await expect(ann.next('exception')).resolves.toMatchObject({ code: 'BAD_FRAME' });
    ann.send({ event: 'auth.whoami', id: 'mine' });
    await expect(ann.nextFrame('auth.whoami')).resolves.toMatchObject({ id: 'mine' });
    await ann.close();
  });

  it('says what did arrive when a push does not', async () => {
    const ann = await server.connect('ann');
    ann.send('no json');
    await expect(ann.next('never', () => true, 50)).rejects.toThrow(
      /no never .*50 ms[^]*taken.*ready[^]*BAD_FRAME/,
    );
    await ann.close();
  });

  it('takes only the push that fits', async () => {
    const ann = await server.connect('ann');
    ann.send('no json');
    ann.send({ event: 'no.such' });
    await expect(ann.next('exception', ({ code }) => code === 'UNKNOWN_EVENT')).resolves.toBeDefined();
    expect(ann.waiting('exception')).toHaveLength(1);
    await ann.close();
  });

  it('notices silence and its absence', async () => {
    const ann = await server.connect('ann');
    await ann.expectSilence();
    ann.send('no json');
    await ann.expectSilence('room.event');
    await expect(ann.expectSilence()).rejects.toThrow(/expected silence.*BAD_FRAME/);
    await ann.close();
  });

  it('tells how a connection ended, and fails what waits for it', async () => {
    const ann = await server.connect('ann');
    const waiting = ann.next('never');
    ann.send('x'.repeat(2000));
    await expect(ann.closed).resolves.toMatchObject({ code: 1009 });
    await expect(waiting).rejects.toThrow(/closed with 1009/);
    await expect(ann.next('never')).rejects.toThrow(/closed with 1009/);
  });

  it('shows a refused upgrade', async () => {
    const refused = await server.open().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UpgradeRefused);
    expect(refused).toMatchObject({ status: 401, problem: { code: 'UNAUTHENTICATED' } });
  });

  it('keeps the log in memory', async () => {
    const other = await startServer({ env: { LOG_LEVEL: 'debug' } });
    await other.close();
    expect(other.logs.some((line) => line.includes('NestApplication'))).toBe(true);
  });
});
