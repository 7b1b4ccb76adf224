import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CanActivate, UseGuards } from '@nestjs/common';
import { AuthorizesUpgrades, ConnectionRegistry, RealtimeGateway } from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import { exchange, handshake } from '../support/raw-request.js';

const PLACES = 4;
const ROUNDS = 200;

/** A guard that takes its time, in several steps, as one that asks a database does. */
let stepsMs: readonly number[] = [];
let isWelcome = true;
let running = 0;

class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    running++;
    try {
      for (const ms of stepsMs) await sleep(ms);
      return isWelcome;
    } finally {
      running--;
    }
  }
}

@RealtimeGateway('slow')
class SlowGateway {
  @AuthorizesUpgrades()
  @UseGuards(SlowGuard)
  authorizeUpgrade(): void {}
}

let kernel: KernelApp;
const sockets: Socket[] = [];

beforeAll(async () => {
  kernel = await KernelApp.start({
    providers: [SlowGateway, SlowGuard],
    settings: { maxConnections: PLACES, maxConnectionsPerUser: PLACES },
  });
  const server = kernel.app.getHttpServer() as NodeJS.EventEmitter;
  server.on('upgrade', (_: IncomingMessage, socket: Socket) => sockets.push(socket));
});

afterAll(() => kernel.close());

/** Every way in which a peer can spoil its own upgrade, once the request is out. */
const FAULTS: Readonly<Record<string, (socket: Socket) => void>> = {
  reset: (socket) => socket.resetAndDestroy(),
  hangUp: (socket) => socket.destroy(),
  halfClose: (socket) => socket.end(),
  garbage: (socket) => socket.write(Buffer.alloc(4096, 0xff)),
  garbageAndReset: (socket) => {
    socket.write(Buffer.alloc(4096, 0xff));
    setImmediate(() => socket.resetAndDestroy());
  },
};

const names = Object.keys(FAULTS);

async function spoil(round: number): Promise<void> {
  const socket = connect(kernel.port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  socket.write(handshake());
  await sleep(round % 7);
  FAULTS[names[round % names.length] ?? '']?.(socket);
  await Promise.race([closed, sleep(40)]);
  socket.destroy();
}

/** Nothing is left of them: no place, no running guard, no open socket, and nobody who still listens for one. */
async function expectNothingLeft(): Promise<void> {
  const registry = kernel.app.get(ConnectionRegistry);
  await until(() => running === 0 && registry.size === 0 && sockets.every(({ destroyed }) => destroyed));
  sockets.length = 0;
  stepsMs = [];
  isWelcome = true;
  const clients = [];
  for (let n = 0; n < PLACES; n++) clients.push(await kernel.connect('ann'));
  expect((await exchange(kernel.port)).status).toBe(503);
  expect(sockets.slice(0, PLACES).map(listenersOf)).toEqual(Array.from({ length: PLACES }, () => [1, 1]));
  await Promise.all(clients.map((client) => client.close()));
  await until(() => registry.size === 0);
}

/** `ws` listens once for each; more is left over from the upgrade. */
function listenersOf(socket: Socket): number[] {
  return [socket.listenerCount('error'), socket.listenerCount('close')];
}

describe('an upgrade whose peer goes while guards are awaited (T05)', () => {
  it.each([
    ['accept', true],
    ['deny', false],
  ])(
    '%s: takes neither the process nor a place with it',
    async (_, verdict) => {
      for (let round = 0; round < ROUNDS; round++) {
        isWelcome = verdict;
        stepsMs = [[], [0], [3], [1, 2, 1]][round % 4] ?? [];
        await spoil(round);
      }
      await expectNothingLeft();
    },
    60_000,
  );

  it('gives its place back before its guard has ended', async () => {
    stepsMs = [300];
    const leaving = Array.from({ length: PLACES }, () => connect(kernel.port, '127.0.0.1'));
    for (const socket of leaving) socket.on('error', () => undefined).write(handshake());
    await until(() => running === PLACES);
    expect((await exchange(kernel.port)).status).toBe(503);
    for (const socket of leaving) socket.resetAndDestroy();
    stepsMs = [];
    await sleep(50);
    expect(running).toBe(PLACES);
    expect((await exchange(kernel.port)).status).toBe(101);
    await expectNothingLeft();
  });
});

describe('an upgrade whose guards never answer', () => {
  it('is refused with 503 after ten seconds, and gives its place back', async () => {
    stepsMs = [11_500];
    const responses = Array.from({ length: PLACES }, () => patientExchange());
    await until(() => running === PLACES);
    expect((await exchange(kernel.port)).status).toBe(503);
    for (const response of await Promise.all(responses)) {
      expect(response).toMatch(/^HTTP\/1\.1 503 [^]*"code":"UNAVAILABLE"/);
      expect(response).toMatch(/^Retry-After: \d+\r$/m);
    }
    stepsMs = [];
    expect((await exchange(kernel.port)).status).toBe(101);
    await until(() => running === 0, 4000);
    await expectNothingLeft();
  }, 40_000);
});

/** Waits for as long as the service does. */
async function patientExchange(): Promise<string> {
  const socket = connect(kernel.port, '127.0.0.1').on('error', () => undefined);
  socket.write(handshake());
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('a refused upgrade', () => {
  it('whose peer does not hang up is destroyed', async () => {
    sockets.length = 0;
    isWelcome = false;
    const socket = connect({ port: kernel.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined).write(handshake());
    await until(() => sockets.length === 1);
    await until(() => sockets[0]?.destroyed === true);
    socket.destroy();
    await expectNothingLeft();
  });

  it('is over as soon as its peer hangs up', async () => {
    sockets.length = 0;
    isWelcome = false;
    expect((await exchange(kernel.port)).status).toBe(403);
    await sleep(50);
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
    await expectNothingLeft();
  });
});

async function until(condition: () => boolean, mostTries = 1500): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > mostTries) throw new Error('it never came to that');
    await sleep(2);
  }
}
