import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcess, type TestClient, type TestProcess } from '../../src/testing/index.js';

const USERS = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay'];
/** How long the senders have run when the process is killed, in milliseconds. */
const MOMENTS = [15, 60, 130, 250, 400, 700];
/** Sends that a client has under way at the same time. */
const WINDOW = 8;

interface Message {
  readonly clientId: string;
  readonly text: string;
  readonly seq: number;
}

interface RoomEvent {
  readonly seq: number;
  readonly type: string;
  readonly message?: Message;
}

let folder: string;
let service: TestProcess;
let roomId: string;
/** What was acknowledged, by `clientId`, over all lives of the process. */
const acknowledged = new Map<string, number>();
/** What was sent and not answered when the process died. */
let unanswered: { clientId: string; text: string; user: string }[] = [];

const env = {
  RATE_SENDS_PER_S: '0',
  RATE_FRAMES_PER_S: '0',
  RATE_UPGRADES_PER_S: '0',
  RATE_LOGINS_PER_MIN: '0',
};

async function start(): Promise<TestProcess> {
  return await startProcess({ cwd: folder, env });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-kill-'));
  service = await start();
  const ann = await service.connect('ann');
  const ids: string[] = [];
  for (const name of USERS.slice(1)) ids.push((await service.user(name)).id);
  const { room } = await ann.request('room.create', { kind: 'group', name: 'kill', memberIds: ids });
  roomId = (room as { id: string }).id;
}, 60_000);

afterAll(async () => {
  await service.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

/** Keeps sending until the connection is gone. */
async function sendUntilDead(user: string, client: TestClient, life: number): Promise<void> {
  const lane = async (lane: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const clientId = `${user}-${life}-${lane}-${n}`.padEnd(8, '.');
      const text = `message ${clientId}`;
      try {
        const { message } = await client.request('message.send', { roomId, clientId, text });
        acknowledged.set(clientId, (message as unknown as Message).seq);
      } catch {
        unanswered.push({ clientId, text, user });
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, (_, n) => lane(n)));
}

async function wholeLog(client: TestClient): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? 0;
    const { rooms } = await client.request('room.sync', {
      rooms: { [roomId]: after },
      rest: 'none',
      limit: 200,
    });
    const [page] = rooms as unknown as { events: RoomEvent[]; hasMore: boolean }[];
    if (page === undefined) return events;
    events.push(...page.events);
    if (!page.hasMore) return events;
  }
}

describe('a service that is killed in the middle of sends', () => {
  it.each(MOMENTS.map((moment, life) => [moment, life] as const))(
    'after %i ms has every acknowledged message once, in a log without gaps',
    async (moment, life) => {
      const clients = await Promise.all(
        USERS.map(async (user) => [user, await service.connect(user)] as const),
      );
      const before = acknowledged.size;
      const sending = clients.map(([user, client]) => sendUntilDead(user, client, life));
      while (acknowledged.size === before) await new Promise(setImmediate);
      await new Promise((resolve) => {
        setTimeout(resolve, moment);
      });
      await service.kill('SIGKILL');
      await Promise.all(sending);
      expect(acknowledged.size).toBeGreaterThan(before);

      service = await start();
      const reader = await service.connect('ann');
      const events = await wholeLog(reader);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
      const stored = events.flatMap(({ message }) => (message === undefined ? [] : [message]));
      const seqOf = new Map(stored.map(({ clientId, seq }) => [clientId, seq]));
      expect(seqOf.size).toBe(stored.length);
      expect([...acknowledged].filter(([clientId, seq]) => seqOf.get(clientId) !== seq)).toEqual([]);
      expect(stored.every(({ clientId, text }) => text === `message ${clientId}`)).toBe(true);
    },
    60_000,
  );

  it('stores what is sent again once', async () => {
    const again = unanswered;
    unanswered = [];
    for (const { clientId, text, user } of again) {
      const client = await service.connect(user);
      const { message } = await client.request('message.send', { roomId, clientId, text });
      acknowledged.set(clientId, (message as unknown as Message).seq);
      await client.close();
    }
    expect(again.length).toBeGreaterThan(0);
    const events = await wholeLog(await service.connect('ann'));
    const stored = events.flatMap(({ message }) => (message === undefined ? [] : [message.clientId]));
    expect(stored.toSorted()).toEqual([...acknowledged.keys()].toSorted());
  }, 60_000);
});
