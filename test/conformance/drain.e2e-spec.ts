import { describe, expect, it } from '@jest/globals';
import { type TestClient, UpgradeRefused } from 'parley/testing';
import { onOneNode } from '../support/one-node.js';
import { createRoom, say, serve } from './contract.js';

describe('SIGTERM', () => {
  it('closes every connection with 1012 and a spread time to return, and ends with 0', async () => {
    const { process } = await serve({ DRAIN_MS: '1000' });
    const clients: TestClient[] = [];
    for (let i = 0; i < 12; i++) clients.push(await process.connect(`user${i % 4}`));
    const exit = process.kill('SIGTERM');
    const ends = await Promise.all(clients.map((client) => client.closed));
    for (const { code, reason } of ends) {
      expect(code).toBe(1012);
      expect(reason).toMatch(/^retry-after-ms=\d+$/);
    }
    expect(new Set(ends.map(({ reason }) => reason)).size).toBeGreaterThan(4);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('first lets all work on, but for readiness, and answers what was asked before the end', async () => {
    const { process } = await serve({ DRAIN_DELAY_MS: '1500', DRAIN_MS: '1000' });
    const ann = await process.connect('ann');
    const room = await createRoom(ann, { kind: 'group' });
    const { accessToken: token } = await process.user('ann');
    const exit = process.kill('SIGTERM');
    const ready = await until(
      () => process.http.get('/health/ready'),
      ({ status }) => status === 503,
    );
    expect(ready.status).toBe(503);
    expect((await process.http.get('/health/live')).status).toBe(200);
    await say(ann, String(room['id']), 'still here');
    const late = await process.open({ headers: { authorization: `Bearer ${token}` } });
    await late.next('ready');
    expect((await process.http.post('/auth/ticket', {}, { token })).status).toBe(201);
    const ends = await Promise.all([ann.closed, late.closed]);
    for (const end of ends) expect(end).toMatchObject({ code: 1012 });
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  onOneNode('A node without connections has ended already.')(
    'refuses upgrades with 503 while connections drain',
    async () => {
      const { process } = await serve({ DRAIN_MS: '3000' });
      const [slow, quick] = [await process.connect('ann'), await process.connect('ann')];
      const { accessToken: token } = await process.user('ann');
      // A peer that does not answer the close keeps the drain going.
      slow.ws.pause();
      const exit = process.kill('SIGTERM');
      await quick.closed;
      const refused = await process
        .open({ headers: { authorization: `Bearer ${token}` } })
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({
        status: 503,
        problem: { code: 'UNAVAILABLE' },
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
      });
      expect(await process.http.post('/auth/ticket', {}, { token })).toMatchObject({ status: 503 });
      expect(await exit).toEqual({ code: 0, signal: null });
    },
  );

  it('answers every upgrade with 503 until it does not listen any more', async () => {
    const { process } = await serve({ DRAIN_MS: '500' });
    const { accessToken: token } = await process.user('ann');
    const exit = process.kill('SIGTERM');
    const answers = new Set<unknown>();
    for (let isListening = true; isListening;) {
      const answer: unknown = await process
        .open({ headers: { authorization: `Bearer ${token}` } })
        .catch((error: unknown) => error);
      if (answer instanceof UpgradeRefused) answers.add(answer.status);
      isListening = (answer as { code?: unknown }).code !== 'ECONNREFUSED';
    }
    expect([...answers].filter((status) => status !== 503)).toEqual([]);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('ends the same on SIGINT', async () => {
    const { process } = await serve({ DRAIN_MS: '500' });
    const ann = await process.connect('ann');
    const exit = process.kill('SIGINT');
    expect(await ann.closed).toMatchObject({ code: 1012 });
    expect(await exit).toEqual({ code: 0, signal: null });
  });
});

/** Asks until the answer fits, for at most a second. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 1000;
  for (;;) {
    const answer = await ask();
    if (fits(answer) || Date.now() > deadline) return answer;
  }
}
