import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, startProcess, type TestClient, type TestProcess } from 'parley/testing';
import { WireClient } from '../rfc6455/wire-client.js';
import { Chance } from '../stream/chance.js';
import type { Subprotocol } from './sent.js';
import { damaged, recorded } from './session.js';

/** FUZZ_SEED plays a run again; FUZZ_SESSIONS makes it longer. How many are played depends on no clock, so that it is the same run. */
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const SIDE_BY_SIDE = 4;
const ROUNDS = Math.ceil(Number(process.env['FUZZ_SESSIONS'] ?? 4000) / SIDE_BY_SIDE);
const SESSIONS = ROUNDS * SIDE_BY_SIDE;
/** Far more than a session takes on a machine that has other things to do: 7 ms when it has not. */
const MOST_MS_PER_SESSION = 100;
/** A session that does not end has to be found by its silence, and not because a heartbeat ended it. */
const HANG_MS = 60_000;
const NO_HEARTBEAT_MS = '600000';
const PAGE = 100;

let folder: string;
let service: TestProcess;
let calm: TestClient;
let fuzzedRoom: string;
let calmRoom: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-fuzz-'));
  const env = {
    RATE_UPGRADES_PER_S: '0',
    RATE_LOGINS_PER_MIN: '0',
    ADMIN_PORT: '0',
    DURABILITY: 'process',
    HEARTBEAT_MS: NO_HEARTBEAT_MS,
  };
  service = await startProcess({ cwd: folder, env: { ...env, MAX_CONNECTIONS_PER_USER: '100' } });
  calm = await service.connect('calm');
  const { id } = await service.user('fuzz');
  const { room } = await calm.request('room.create', { kind: 'group', name: 'fuzzed', memberIds: [id] });
  fuzzedRoom = String(room.id);
  calmRoom = String((await calm.request('room.create', { kind: 'group', name: 'calm' })).room.id);
}, 60_000);

afterAll(async () => {
  await service.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Plays one damaged session to its end. Gives what it may have sent. */
async function play(number: number): Promise<ReadonlySet<string>> {
  const chance = new Chance(SEED + number);
  const subprotocol: Subprotocol = chance.happens(50) ? 'chat' : 'superchat';
  const { accessToken } = await service.user('fuzz');
  const client = await WireClient.open(service.url, { token: accessToken, subprotocol });
  const { chunks, sent } = damaged(recorded(fuzzedRoom, `session-${number}`), subprotocol, chance);
  for (const chunk of chunks) {
    if (client.socket.destroyed) break;
    client.write(chunk);
    if (chance.happens(30)) await new Promise(setImmediate);
  }
  // What was cut off leaves the service waiting: the end of TCP is the end of every session.
  client.socket.end();
  await withoutHanging(client.ended, number);
  return sent;
}

async function withoutHanging(ended: Promise<unknown>, number: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`session ${number} of seed ${SEED} hangs`)), HANG_MS);
  });
  await Promise.race([ended, hang]).finally(() => clearTimeout(timer));
}

/** Every event of a room's log. */
async function logOf(roomId: string): Promise<Json[]> {
  const events: Json[] = [];
  for (let hasMore = true; hasMore;) {
    const after = events.length;
    const { rooms } = await calm.request('room.sync', {
      rooms: { [roomId]: after },
      rest: 'none',
      limit: PAGE,
    });
    events.push(...(rooms[0]?.events ?? []));
    hasMore = rooms[0]?.hasMore ?? false;
  }
  return events;
}

const sequence = (events: readonly Json[]): number[] => events.map(({ seq }) => Number(seq));
const fromOne = (length: number): number[] => Array.from({ length }, (_, at) => at + 1);

describe('sessions that are damaged in every way (T19)', () => {
  it(
    'end, store nothing that was not sent whole, and disturb nobody',
    async () => {
      process.stdout.write(`FUZZ_SEED=${SEED} FUZZ_SESSIONS=${SESSIONS}\n`);
      const sent = new Set<string>();
      for (let round = 0; round < ROUNDS; round++) {
        const playing = fromOne(SIDE_BY_SIDE).map((n) => play(round * SIDE_BY_SIDE + n));
        await calm.request('message.send', {
          roomId: calmRoom,
          text: `${round}`,
          clientId: `calm-round-${round}`,
        });
        for (const one of await Promise.all(playing)) one.forEach((message) => sent.add(message));
      }
      const fuzzed = await logOf(fuzzedRoom);
      expect(sequence(fuzzed)).toEqual(fromOne(fuzzed.length));
      const stored = fuzzed.flatMap(({ message }) => (message === undefined ? [] : [message as Json]));
      const told = stored.map(({ clientId, text }) => `${clientId} ${text}`);
      expect(told.filter((message) => !sent.has(message))).toEqual([]);
      expect(told.length).toBeGreaterThan(SESSIONS / 4);
      const undisturbed = (await logOf(calmRoom)).filter(({ type }) => type === 'message');
      expect(undisturbed.map(({ message }) => message.text)).toEqual(
        fromOne(ROUNDS).map((round) => `${round - 1}`),
      );
      expect(service.output.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
      await expect(service.kill()).resolves.toEqual({ code: 0, signal: null });
    },
    120_000 + SESSIONS * MOST_MS_PER_SESSION,
  );
});
