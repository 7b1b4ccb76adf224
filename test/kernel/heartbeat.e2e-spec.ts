import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type CloseReason,
  type Connection,
  type ConnectionObserver,
  ConnectionRegistry,
  ObservesConnections,
} from '../../src/realtime/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { KernelApp } from '../support/kernel-app.js';
import { RawClient } from '../support/raw-client.js';

const HEARTBEAT_MS = 25_000;
const GRACE_MS = 10_000;

/** Why each user's connection ended, as this side saw it. */
@ObservesConnections()
@Injectable()
class Endings implements ConnectionObserver {
  readonly of = new Map<string, CloseReason>();

  detached({ principal }: Connection, close: CloseReason): void {
    this.of.set(principal.userId, close);
  }
}

let clock: ManualClock;
let kernel: KernelApp;

beforeEach(async () => {
  clock = new ManualClock();
  kernel = await KernelApp.start({ providers: [Endings], clock, settings: { heartbeatMs: HEARTBEAT_MS } });
});

afterEach(() => kernel.close());

async function ending(user: string): Promise<CloseReason> {
  const { of } = kernel.app.get(Endings);
  for (let tries = 0; tries < 500; tries++) {
    const close = of.get(user);
    if (close !== undefined) return close;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new Error(`${user} is still connected`);
}

/** A peer that reads, and never answers a ping. */
async function silentPeer(user: string): Promise<RawClient> {
  const client = await RawClient.open(kernel.url(), { headers: { 'x-user': user }, autoPong: false });
  await client.take(({ event }) => event === 'ready');
  return client;
}

describe('a heartbeat (T08)', () => {
  it('keeps a quiet connection that answers its pings', async () => {
    const client = await kernel.connect('ann');
    for (let beat = 0; beat < 8; beat++) {
      const pinged = once(client.ws, 'ping');
      await clock.advance(HEARTBEAT_MS + 1000);
      await pinged;
      await pongArrives();
    }
    expect(kernel.app.get(ConnectionRegistry).size).toBe(1);
    await client.close();
  });

  it('ends a silent connection with 4408, no sooner than it promises', async () => {
    const client = await silentPeer('ann');
    await clock.advance(HEARTBEAT_MS + GRACE_MS - 2000);
    expect(kernel.app.get(ConnectionRegistry).size).toBe(1);
    await clock.advance(3000);
    expect(await client.closed).toEqual({ code: 4408, reason: '' });
    expect(await ending('ann')).toEqual({ code: 4408, reason: '' });
  });

  it('takes any frame for a sign of life', async () => {
    const client = await silentPeer('ann');
    for (let round = 0; round < 4; round++) {
      client.send({ event: 'unheard', id: round });
      await client.take(({ id }) => id === round);
      await clock.advance(HEARTBEAT_MS);
    }
    expect(kernel.app.get(ConnectionRegistry).size).toBe(1);
    client.ws.terminate();
  });

  it('closes with 1013 slow a peer that reads nothing of what is due to it', async () => {
    const client = await silentPeer('ann');
    const [connection] = kernel.app.get(ConnectionRegistry).ofUser('ann');
    client.ws.pause();
    for (let n = 0; n < 400; n++) connection?.push('load', { padding: 'x'.repeat(50_000) });
    await clock.advance(1000);
    await clock.advance(28_000);
    expect(kernel.app.get(ConnectionRegistry).size).toBe(1);
    await clock.advance(3000);
    expect(await ending('ann')).toEqual({ code: 1013, reason: 'slow' });
  });

  it('lets a slow peer live as long as its bytes still leave', async () => {
    const client = await silentPeer('ann');
    const [connection] = kernel.app.get(ConnectionRegistry).ofUser('ann');
    client.ws.pause();
    for (let n = 0; n < 100; n++) connection?.push('load', { n, padding: 'x'.repeat(500_000) });
    for (let read = 0; read < 6; read++) {
      await clock.advance(20_000);
      await readsSome(client, connection);
    }
    expect(kernel.app.get(ConnectionRegistry).size).toBe(1);
    client.ws.terminate();
  });
});

/** Lets the peer read until something has left on the other side. */
async function readsSome(client: RawClient, connection: Connection | undefined): Promise<void> {
  const { outbox } = connection as unknown as { outbox: { readonly bytesLeft: number } };
  const before = outbox.bytesLeft;
  client.ws.resume();
  while (outbox.bytesLeft === before) await new Promise(setImmediate);
  client.ws.pause();
}

/** Gives the pong time to come in; a frame to ask after it would be a sign of life of its own. */
async function pongArrives(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
}
