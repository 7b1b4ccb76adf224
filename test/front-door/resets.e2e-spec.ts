import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcess, type TestProcess } from 'parley/testing';
import { handshake } from '../support/raw-request.js';

/** Services and processes are slow to start on a busy machine. */
const START_TIMEOUT_MS = 60_000;

const ROUNDS = 200;
const PLACES = 4;

/** Every way in which a peer can spoil its own upgrade. */
const FAULTS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.destroy(),
  (socket) => socket.end(),
  (socket) => socket.write(Buffer.alloc(4096, 0xff)),
  (socket) => {
    socket.write(Buffer.alloc(4096, 0xff));
    setImmediate(() => socket.resetAndDestroy());
  },
];

/** When: with the request, while the store is asked, when the handshake is answered, when the first frame comes. */
const MOMENTS: readonly ((socket: Socket) => Promise<unknown>)[] = [
  () => Promise.resolve(),
  () => delay(1),
  () => delay(4),
  (socket) => Promise.race([once(socket, 'data'), delay(500)]),
  (socket) => Promise.race([once(socket, 'data').then(() => delay(1)), delay(500)]),
];

let folder: string;
let service: TestProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-resets-'));
  const env = {
    MAX_CONNECTIONS: String(PLACES),
    RATE_UPGRADES_PER_S: '0',
    RATE_LOGINS_PER_MIN: '0',
    ADMIN_PORT: '0',
  };
  service = await startProcess({ cwd: folder, env });
}, START_TIMEOUT_MS);
afterAll(async () => {
  await service.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

type Credential = () => Promise<{ target?: string; headers: Record<string, string | null> }>;

const bearer: Credential = async () => ({
  headers: { 'X-User': null, Authorization: `Bearer ${(await service.user('ann')).accessToken}` },
});

async function spoil(round: number, credential: Credential): Promise<void> {
  const request = await credential();
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1').on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.resume().write(handshake(request));
  await MOMENTS[round % MOMENTS.length]?.(socket).catch(() => undefined);
  FAULTS[Math.floor(round / MOMENTS.length) % FAULTS.length]?.(socket);
  await Promise.race([closed, delay(30)]);
  socket.destroy();
}

describe('an upgrade that its peer spoils, at every step to the first frame (T05)', () => {
  it.each<[string, Credential]>([
    ['with a bearer', bearer],
    [
      'with a token that is none',
      async () => await Promise.resolve({ headers: { 'X-User': null, Authorization: 'Bearer x.y.z' } }),
    ],
    [
      'with a ticket',
      async () => {
        const { accessToken: token } = await service.user('ann');
        const { body } = await service.http.post('/auth/ticket', {}, { token });
        return {
          target: `/ws?ticket=${String(body['ticket'] ?? 'none-for-it-is-full')}`,
          headers: { 'X-User': null },
        };
      },
    ],
  ])(
    '%s: takes neither the process, nor a place, nor anybody else with it',
    async (_, credential) => {
      const bob = await service.connect('bob');
      for (let round = 0; round < ROUNDS; round++) await spoil(round, credential);
      expect(await bob.request('auth.whoami', {})).toMatchObject({ user: { username: 'bob' } });
      await bob.close();
      await placesAreFree();
      expect(service.output).not.toMatch(/"level":"(error|fatal)"|unhandled|uncaught/i);
    },
    60_000,
  );
});

/** As many connections as the node has places for can be open at once. */
async function placesAreFree(): Promise<void> {
  const clients = [];
  for (let tries = 0; clients.length < PLACES && tries < 300; tries++) {
    const client = await service.connect('ann').catch(() => undefined);
    if (client === undefined) await delay(10);
    else clients.push(client);
  }
  expect(clients).toHaveLength(PLACES);
  for (const client of clients) await client.close();
}
