import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer, type TestClient, type TestServer } from '../../../testing/index.js';

const TRIALS_MS = 10_000;
const SENDS_PER_S = 300;
/** Messages of the same room that are stored after a removal's reply, before the trial is judged. */
const SENT_AFTER = 10;

let server: TestServer;
let ann: TestClient;
let eve: TestClient;
let eveId: string;

beforeAll(async () => {
  server = await startServer({ env: { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' } });
  [ann, eve] = await Promise.all([server.connect('ann'), server.connect('eve')]);
  eveId = (await server.user('eve')).id;
});

afterAll(async () => server.close());

/** Sends into a room at a steady rate, from two users at once. */
class Traffic {
  private readonly sending = new Set<Promise<unknown>>();
  private readonly timer: NodeJS.Timeout;
  private readonly startedMs = performance.now();
  private sent = 0;
  stored = 0;
  /** The last `seq` that was answered. */
  head = 0;

  constructor(
    private readonly senders: readonly TestClient[],
    private readonly roomId: string,
  ) {
    this.timer = setInterval(() => this.catchUp(), 10).unref();
  }

  async untilStored(count: number): Promise<void> {
    while (this.stored < count) await Promise.race(this.sending.size > 0 ? this.sending : [nextTurn()]);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.allSettled(this.sending);
  }

  private catchUp(): void {
    const due = ((performance.now() - this.startedMs) / 1000) * SENDS_PER_S;
    while (this.sent < due) this.send();
  }

  private send(): void {
    const sender = this.senders[this.sent % this.senders.length];
    this.sent += 1;
    if (!sender) return;
    const data = { roomId: this.roomId, text: 'traffic', clientId: `traffic-${this.sent}` };
    const reply: Promise<void> = sender.request('message.send', data).then(({ message }) => {
      this.stored += 1;
      this.head = Math.max(this.head, Number((message as Json)['seq']));
      this.sending.delete(reply);
    });
    this.sending.add(reply);
  }
}

const nextTurn = async () => new Promise((resolve) => void setImmediate(resolve));

/** What the client was pushed of the room since the last call: names and, of events, their `seq`. */
async function takePushes(client: TestClient, roomId: string): Promise<(string | number)[]> {
  const pushes: (string | number)[] = [];
  for (const { event, data } of client.waiting()) {
    const inRoom = data['roomId'] === roomId || (data['room'] as Json | undefined)?.['id'] === roomId;
    if (!inRoom) continue;
    await client.next(event, (other) => other === data);
    pushes.push(event === 'room.event' ? Number(data['seq']) : event);
  }
  return pushes;
}

/** Leaves the push where it is. */
async function untilAdded(roomId: string): Promise<void> {
  const isThere = () => eve.waiting('room.added').some(({ data }) => (data['room'] as Json)['id'] === roomId);
  while (!isThere()) await eve.request('auth.whoami');
}

/** Joins and is removed again amid the traffic; gives what eve was pushed of that, and how the removal was told. */
async function trial(
  traffic: Traffic,
  roomId: string,
  isPatient: boolean,
): Promise<{ pushes: unknown[]; joined: number; left: number }> {
  const { room } = await eve.request('room.join', { roomId });
  if (isPatient) await untilAdded(roomId);
  await ann.request('room.remove', { roomId, userId: eveId });
  const atReply = traffic.stored;
  await traffic.untilStored(atReply + SENT_AFTER);
  await eve.request('auth.whoami');
  const left = await ann.next(
    'room.event',
    (data) => data['type'] === 'member.left' && Number(data['seq']) > Number((room as Json)['head']) - 1,
  );
  const joined = await ann.next(
    'room.event',
    (data) => data['type'] === 'member.joined' && data['userId'] === eveId,
  );
  return { pushes: await takePushes(eve, roomId), joined: Number(joined['seq']), left: Number(left['seq']) };
}

function range(from: number, until: number): number[] {
  return Array.from({ length: until - from + 1 }, (_, index) => from + index);
}

async function trialsUntil(endMs: number, traffic: Traffic, roomId: string): Promise<number> {
  let trials = 0;
  while (performance.now() < endMs) {
    const isPatient = trials % 2 === 0;
    const { pushes, joined, left } = await trial(traffic, roomId, isPatient);
    const whole = ['room.added', ...range(joined, left), 'room.removed'];
    // A membership that is over before its `room.added` could be made leaves no trace.
    expect(isPatient ? [whole] : [whole, []]).toContainEqual(pushes);
    expect(traffic.head).toBeGreaterThan(left);
    await takePushes(ann, roomId);
    trials += 1;
  }
  return trials;
}

describe('a removal that races sends', () => {
  it(
    'is the last that the removed user learns of the room, and a join misses nothing',
    async () => {
      const bob = await server.connect('bob');
      const created = await ann.request('room.create', { kind: 'channel', name: 'busy' });
      const roomId = String((created['room'] as Json)['id']);
      await bob.request('room.join', { roomId });
      const traffic = new Traffic([ann, bob], roomId);
      const trials = await trialsUntil(performance.now() + TRIALS_MS, traffic, roomId).finally(async () =>
        traffic.stop(),
      );
      expect(trials).toBeGreaterThan(10);
      expect(traffic.stored).toBeGreaterThan(trials * SENT_AFTER);
    },
    TRIALS_MS * 4,
  );
});
