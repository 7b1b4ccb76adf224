/* @one-node A bucket is one node’s while time stands still; that nodes share it is shown in test/cluster. */

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ManualClock,
  type RequestFailed,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';

const RATE = 3;
const BURST = 2 * RATE;

let clock: ManualClock;
let server: TestServer;
let ann: TestClient;
let roomId: string;

beforeEach(async () => {
  clock = new ManualClock();
  server = await startServer({ clock, env: { RATE_SENDS_PER_S: String(RATE) } });
  ann = await server.connect('ann');
  const { room } = await ann.request('room.create', { kind: 'channel', name: 'garden' });
  roomId = String(room.id);
});

afterEach(() => server.close());

const send = (client: TestClient, clientId: string = randomUUID()) =>
  client.request('message.send', { roomId, text: 'tea', clientId });

async function refusal(client: TestClient): Promise<RequestFailed> {
  return await send(client).then(
    () => Promise.reject(new Error('it was sent')),
    (error: RequestFailed) => error,
  );
}

describe("a user's sends (T47)", () => {
  it('are RATE_LIMITED above the rate, store nothing, and go on when they were told to', async () => {
    for (let n = 0; n < BURST; n++) await send(ann);
    const { code, retryAfterMs } = await refusal(ann);
    expect({ code, retryAfterMs }).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 334 });
    const { messages } = await ann.request('message.history', { roomId });
    expect(messages).toHaveLength(BURST);
    await clock.advance(Number(retryAfterMs));
    await expect(send(ann)).resolves.toMatchObject({ duplicate: false });
    await expect(refusal(ann)).resolves.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('share one bucket over all connections of the user', async () => {
    const second = await server.connect('ann');
    for (let n = 0; n < BURST; n++) await send(n % 2 === 0 ? ann : second);
    await expect(refusal(ann)).resolves.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(refusal(second)).resolves.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('leave the sends of others and all other requests alone', async () => {
    const bob = await server.connect('bob');
    await bob.request('room.join', { roomId });
    for (let n = 0; n < BURST; n++) await send(ann);
    await refusal(ann);
    await expect(send(bob)).resolves.toBeDefined();
    await expect(ann.request('message.edit', { roomId, seq: 3, text: 'late' })).resolves.toBeDefined();
  });

  it('count when they are repeated, and not when they are refused by their rules', async () => {
    const clientId = randomUUID();
    for (let n = 0; n < BURST; n++) await send(ann, clientId);
    await expect(refusal(ann)).resolves.toMatchObject({ code: 'RATE_LIMITED' });
    const invalid = ann.request('message.send', { roomId, text: '', clientId: 'short' });
    await expect(invalid).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
