import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startProcess, type TestClient, type TestProcess } from '../../src/testing/index.js';

const MAIN = fileURLToPath(new URL('consuming-process.js', import.meta.url));
const ROOMS = 3;
/** Sends that are under way in each room. */
const WINDOW = 6;

/** An event that the consumer had handled when it wrote this. */
interface Handled {
  readonly life: number;
  readonly roomId: string;
  readonly seq: number;
}

let folder: string;
let service: TestProcess | undefined;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'parley-consumers-'))));
afterEach(async () => {
  await service?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(plant = ''): Promise<TestProcess> {
  const compiled = process.env['PARLEY_COMPILED_DIR'];
  if (compiled === undefined) throw new Error('the test run has compiled nothing');
  const limits = { RATE_SENDS_PER_S: '0', RATE_FRAMES_PER_S: '0', RATE_UPGRADES_PER_S: '0' };
  const env = {
    ...limits,
    DRAIN_MS: '300',
    DRAIN_DELAY_MS: '0',
    SOURCE: pathToFileURL(join(compiled, 'src')).href,
    PLANT: plant,
  };
  return (service = await startProcess({ cwd: folder, env, main: MAIN }));
}

async function handled(): Promise<Handled[]> {
  const text = await readFile(join(folder, 'handled.jsonl'), 'utf8');
  // The last line may be cut off.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Handled);
}

/** Sends until the connection is gone, and notes the last acknowledged `seq` of the room. */
async function sendUntilDead(client: TestClient, roomId: string, heads: Map<string, number>): Promise<void> {
  const lane = async (): Promise<void> => {
    for (;;) {
      const clientId = crypto.randomUUID();
      const { message } = await client.request('message.send', { roomId, clientId, text: 'hello' });
      heads.set(roomId, Math.max(heads.get(roomId) ?? 0, message.seq as number));
    }
  };
  await Promise.allSettled(Array.from({ length: WINDOW }, lane));
}

/** Lets the service live for these spans, killing it at the end of each; then lets the consumer catch up. */
async function livesOf(momentsMs: readonly number[], plant = ''): Promise<Map<string, number>> {
  const heads = new Map<string, number>();
  let client = await (await start(plant)).connect('ann');
  for (let room = 0; room < ROOMS; room += 1) {
    const { room: created } = await client.request('room.create', { kind: 'channel', name: `room ${room}` });
    heads.set(created.id as string, 1);
  }
  for (const momentMs of momentsMs) {
    const sending = [...heads.keys()].map(async (roomId) => sendUntilDead(client, roomId, heads));
    await sleep(momentMs);
    await service?.kill('SIGKILL');
    await Promise.all(sending);
    client = await (await start(plant)).connect('ann');
  }
  // What is sent last is handed over last.
  for (const roomId of heads.keys()) {
    const { message } = await client.request('message.send', { roomId, clientId: 'the last', text: 'end' });
    heads.set(roomId, message.seq as number);
  }
  while (!(await hasEach(heads))) await sleep(20);
  return heads;
}

async function hasEach(heads: ReadonlyMap<string, number>): Promise<boolean> {
  const rows = await handled().catch(() => []);
  return [...heads].every(([roomId, head]) => rows.some((row) => row.roomId === roomId && row.seq >= head));
}

/** What is wrong: an event that was skipped, or came before one that is before it in the log. */
function faultsIn(rows: readonly Handled[]): string[] {
  const faults: string[] = [];
  const high = new Map<string, number>();
  const last = new Map<string, Handled>();
  for (const row of rows) {
    const { life, roomId, seq } = row;
    const before = last.get(roomId);
    const isFirst = before?.life !== life;
    const isNext = isFirst ? seq <= (high.get(roomId) ?? 0) + 1 : seq === before.seq + 1;
    if (!isNext) faults.push(`${roomId}: ${seq} after ${isFirst ? high.get(roomId) : before.seq}`);
    high.set(roomId, Math.max(high.get(roomId) ?? 0, seq));
    last.set(roomId, row);
  }
  return faults;
}

describe('a consumer of a service that is killed in the middle of sends and of its work', () => {
  it('has every acknowledged event, in the order of each room', async () => {
    const heads = await livesOf([150, 400, 700, 1000]);
    const rows = await handled();
    expect(faultsIn(rows)).toEqual([]);
    // On a busy machine a short life may end before its consumer was handed anything.
    expect(new Set(rows.map(({ life }) => life)).size).toBeGreaterThan(2);
    for (const [roomId, head] of heads) {
      const seqs = new Set(rows.filter((row) => row.roomId === roomId).map(({ seq }) => seq));
      expect([...seqs].toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: head }, (_, index) => index + 1),
      );
      expect(head).toBeGreaterThan(10);
    }
  }, 120_000);

  it('is found out when it says that it is done before it is', async () => {
    await livesOf([1500], 'early');
    expect(faultsIn(await handled())).not.toEqual([]);
  }, 120_000);
});

describe('a consumer that hangs when the service is told to stop', () => {
  it('is left after DRAIN_MS, and the database is closed', async () => {
    const running = await start('hang');
    const ann = await running.connect('ann');
    await ann.request('room.create', { kind: 'channel', name: 'room' });
    while (!running.output.includes('at work')) await sleep(20);
    expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(running.output).toContain('the service has stopped');
    expect(await readdir(join(folder, 'data'))).not.toContain('parley.db-wal');
  }, 60_000);
});
