/* @one-node Delays after wrong guesses are each node’s own, and a bucket is one node’s while time stands still. */

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpAnswer, ManualClock, startServer, type TestServer } from '../../../testing/index.js';

const PASSWORD = 'correct horse';
const LIMITED = { status: 429, body: { code: 'RATE_LIMITED' } };

describe('limits of logins and registrations', () => {
  let server: TestServer;
  let clock: ManualClock;

  beforeEach(async () => {
    clock = new ManualClock();
    server = await startServer({ clock, env: { RATE_LOGINS_PER_MIN: '2', TRUSTED_PROXIES: '127.0.0.1' } });
  });
  afterEach(async () => server.close());

  async function post(call: string, body: object, address = '192.0.2.1', token = ''): Promise<HttpAnswer> {
    const headers = { 'x-forwarded-for': address, ...(token !== '' && { authorization: `Bearer ${token}` }) };
    return await server.http.post(`/auth/${call}`, body, { headers });
  }

  async function statuses(calls: readonly (() => Promise<HttpAnswer>)[]): Promise<number[]> {
    const seen: number[] = [];
    for (const call of calls) seen.push((await call()).status);
    return seen;
  }

  it('lets an address try twice its rate at once, then at its rate', async () => {
    const guess = (name: string) => async () => post('login', { username: name, password: 'wrong' });
    expect(await statuses(['ann', 'ben', 'cem', 'dan', 'eve'].map(guess))).toEqual([401, 401, 401, 401, 429]);
    const limited = await guess('fay')();
    expect(limited).toMatchObject(LIMITED);
    expect(limited.headers.get('retry-after')).toBe('30');
    await clock.advance(30_000);
    expect(await statuses(['ann', 'ben'].map(guess))).toEqual([401, 429]);
  });

  it('lets a name be tried so often from everywhere, whatever its case', async () => {
    await post('register', { username: 'ann', password: PASSWORD }, '203.0.113.9');
    const guesses = ['ann', 'Ann', 'ANN', 'ann', 'aNN'].map(
      (username, i) => async () => post('login', { username, password: 'wrong' }, `192.0.2.${i + 1}`),
    );
    expect(await statuses(guesses)).toEqual([401, 401, 401, 401, 429]);
    const right = { username: 'ann', password: PASSWORD };
    expect(await post('login', right, '198.51.100.1')).toMatchObject(LIMITED);
    await clock.advance(30_000);
    expect((await post('login', right, '198.51.100.1')).status).toBe(200);
  });

  it('counts the guesses of a stolen access token', async () => {
    const { body } = await post('register', { username: 'ann', password: PASSWORD });
    const change = { password: 'wrong', newPassword: 'battery staple' };
    const guesses = Array.from(
      { length: 5 },
      (_, i) => async () => post('password', change, `192.0.2.${i + 1}`, body['accessToken']),
    );
    expect(await statuses(guesses)).toEqual([403, 403, 403, 403, 429]);
  });

  it('keeps registrations in a bucket of their own, per address', async () => {
    const names = ['ann', 'ben', 'cem', 'dan', 'eve'];
    const registrations = names.map(
      (username) => async () => post('register', { username, password: PASSWORD }),
    );
    expect(await statuses(registrations)).toEqual([201, 201, 201, 201, 429]);
    expect((await post('login', { username: 'ann', password: PASSWORD })).status).toBe(200);
    expect((await post('register', { username: 'eve', password: PASSWORD }, '198.51.100.1')).status).toBe(
      201,
    );
  });
});

describe('guesses of one password (T26)', () => {
  let server: TestServer;
  let clock: ManualClock;

  beforeEach(async () => {
    clock = new ManualClock();
    server = await startServer({ clock, env: { RATE_LOGINS_PER_MIN: '1000', TRUSTED_PROXIES: '127.0.0.1' } });
    await server.http.post('/auth/register', { username: 'ann', password: PASSWORD });
  });
  afterEach(async () => server.close());

  async function guess(password: string, address = '192.0.2.1', username = 'ann'): Promise<HttpAnswer> {
    const headers = { 'x-forwarded-for': address };
    return await server.http.post('/auth/login', { username, password }, { headers });
  }

  /** Fails as often at once as is free. */
  async function useUp(username = 'ann'): Promise<void> {
    for (let i = 0; i < 5; i += 1) expect((await guess('wrong', '192.0.2.1', username)).status).toBe(401);
  }

  it('are delayed after five failures, twice as long after each, up to 15 minutes', async () => {
    await useUp();
    const delays: number[] = [];
    for (let i = 0; i < 13; i += 1) {
      const delayed = await guess(PASSWORD);
      expect(delayed).toMatchObject(LIMITED);
      const seconds = Number(delayed.headers.get('retry-after'));
      delays.push(seconds);
      await clock.advance(seconds * 1_000);
      expect((await guess('wrong')).status).toBe(401);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  it('cost the owner nothing at another address, and are forgiven with the right password', async () => {
    await useUp();
    for (let i = 0; i < 100; i += 1) expect(await guess('wrong')).toMatchObject(LIMITED);
    expect((await guess(PASSWORD, '198.51.100.1')).status).toBe(200);
    expect(await guess(PASSWORD)).toMatchObject(LIMITED);
    await clock.advance(1_000);
    expect((await guess(PASSWORD)).status).toBe(200);
    await useUp();
  });

  it('are hashed five times of a hundred at once', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, async () => guess('wrong')));
    const hashed = answers.filter(({ status }) => status === 401);
    expect(hashed).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(95);
  });

  it('do not delay those who know it, however many log in at once', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, async () => guess(PASSWORD)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('are delayed for a name that nobody has, too', async () => {
    await useUp('nobody');
    expect(await guess('wrong', '192.0.2.1', 'NOBODY')).toMatchObject(LIMITED);
    expect((await guess('wrong', '192.0.2.1', 'somebody')).status).toBe(401);
  });

  it('are delayed with a stolen token, too', async () => {
    const { body } = await guess(PASSWORD);
    const change = { password: 'wrong', newPassword: 'battery staple' };
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      statuses.push(
        (await server.http.post('/auth/password', change, { token: body['accessToken'] })).status,
      );
    }
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
  });
});

describe('closed registration', () => {
  it('makes no account', async () => {
    const server = await startServer({ env: { REGISTRATION: 'closed' } });
    const account = { username: 'ann', password: PASSWORD };
    const refused = await server.http.post('/auth/register', account);
    expect(refused).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect((await server.http.post('/auth/login', account)).status).toBe(401);
    await server.close();
  });
});
