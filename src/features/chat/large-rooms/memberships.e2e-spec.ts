import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';
import { LogReader, type RoomEvent } from '../log/index.js';

/** The first owns the channel; rooms of more than three members are large. */
const NAMES = ['ann', 'bob', 'cay', 'dan', 'eve', 'flo', 'gil'];
const LARGE = 3;

const clock = new ManualClock();
let server: TestServer;
/** Each has two devices: what one of them asks for does not wait for the other's answers. */
let users: readonly { readonly id: string; readonly devices: readonly TestClient[] }[];

beforeAll(async () => {
  server = await startServer({
    clock,
    env: {
      LARGE_ROOM_MEMBERS: String(LARGE),
      HEARTBEAT_MS: '86400000',
      ACCESS_TOKEN_TTL: '8640000',
      RATE_FRAMES_PER_S: '0',
      RATE_SENDS_PER_S: '0',
    },
  });
  users = await Promise.all(
    NAMES.map(async (name) => ({
      devices: [await server.connect(name), await server.connect(name)],
      id: (await server.user(name)).id,
    })),
  );
});

afterAll(async () => server.close());

/** What one device asks for, while others do: some of it is refused. */
type Act = readonly [device: number, event: 'join' | 'leave' | 'send' | 'remove' | 'add', other: number];
/** What is asked at the same time, and how much time passes before the next. */
type Round = readonly [acts: readonly Act[], waitMs: number];

const device = fc.nat(2 * NAMES.length - 1);
const user = fc.nat(NAMES.length - 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(device, fc.constant('join' as const), user) },
  { weight: 3, arbitrary: fc.tuple(device, fc.constantFrom('leave' as const, 'send' as const), user) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(1), fc.constantFrom('remove' as const, 'add' as const), user),
  },
);
const round: fc.Arbitrary<Round> = fc.tuple(
  fc.array(act, { minLength: 1, maxLength: 6 }),
  fc.constantFrom(0, 300, 700, 1500),
);

let sent = 0;

function userAt(index: number): (typeof users)[number] {
  const found = users[index];
  if (found === undefined) throw new Error(`there is no user ${index}`);
  return found;
}

async function perform(roomId: string, [actor, event, other]: Act): Promise<unknown> {
  const client = userAt(actor >> 1).devices[actor % 2] as TestClient;
  const { id: userId } = userAt(other);
  if (event === 'send')
    return client.request('message.send', { roomId, text: 'hello', clientId: `members-${++sent}` });
  if (event === 'add') return client.request('room.add', { roomId, userIds: [userId] });
  return client.request(`room.${event}`, event === 'remove' ? { roomId, userId } : { roomId });
}

/** Lets time pass until what is awaited has come. */
async function passing<Result>(awaited: Promise<Result>): Promise<Result> {
  let isDone = false;
  const finish = (): void => void (isDone = true);
  awaited.then(finish, finish);
  while (!isDone) {
    await clock.advance(100);
    await pause(1);
  }
  return await awaited;
}

async function play(rounds: readonly Round[]): Promise<string> {
  const memberIds = users.slice(1, 3).map(({ id }) => id);
  const [creator] = userAt(0).devices;
  const { room } = await (creator as TestClient).request('room.create', { kind: 'channel', memberIds });
  const roomId = (room as Json)['id'] as string;
  const answers: Promise<unknown>[] = [];
  for (const [acts, waitMs] of rounds) {
    for (const one of acts) answers.push(perform(roomId, one).catch((error: unknown) => error));
    await clock.advance(waitMs);
    await pause(1);
  }
  await passing(Promise.all(answers));
  return roomId;
}

/** What each user was to be told: the log from each own joining to the own leaving, or to its end. */
class Expected {
  readonly members = new Set<string>();
  readonly frames = new Map<string, unknown[]>(users.map(({ id }) => [id, []]));

  constructor(readonly events: readonly RoomEvent[]) {
    for (const event of events) this.follow(event);
  }

  private follow(event: RoomEvent): void {
    const { joined, left } = comingsOf(event);
    expect(joined.filter((id) => this.members.has(id) || left.includes(id))).toEqual([]);
    expect(left.filter((id) => !this.members.has(id))).toEqual([]);
    this.checkGathering(event, joined.length - left.length);
    for (const id of joined) this.members.add(id);
    this.tell(joined, ['room.added', event.seq]);
    this.tell(this.members, event);
    for (const id of left) this.members.delete(id);
    this.tell(left, ['room.removed', reasonOf(event)]);
  }

  private tell(ids: Iterable<string>, frame: unknown): void {
    for (const id of ids) this.frames.get(id)?.push(frame);
  }

  /** Rooms that are large gather, others do not. */
  private checkGathering({ type, memberCount }: RoomEvent, growth: number): void {
    if (type === 'members.changed') {
      expect(memberCount).toBe(this.members.size + growth);
      expect(this.members.size).toBeGreaterThan(LARGE);
    }
    if (type === 'member.joined') expect(this.members.size).toBeLessThanOrEqual(LARGE);
  }
}

function comingsOf({ type, ...event }: RoomEvent): { readonly joined: string[]; readonly left: string[] } {
  if (type === 'member.joined') return { joined: [event['userId'] as string], left: [] };
  if (type === 'member.left') return { joined: [], left: [event['userId'] as string] };
  if (type !== 'members.changed') return { joined: [], left: [] };
  return { joined: event['joined'] as string[], left: event['left'] as string[] };
}

function reasonOf({ type, actorId, ...event }: RoomEvent): string {
  return type === 'members.changed' || actorId === event['userId'] ? 'left' : 'removed';
}

/** What the user's connection was pushed of the room. */
function told(client: TestClient, roomId: string): unknown[] {
  return client.waiting().flatMap(({ event, data }): unknown[] => {
    if (event === 'room.event') return data['roomId'] === roomId ? [data] : [];
    if (event === 'room.removed') return data['roomId'] === roomId ? [[event, data['reason']]] : [];
    if (event !== 'room.added') return [];
    return data['room'].id === roomId ? [[event, data['room'].head]] : [];
  });
}

/** Waits until a user has been told as much as is expected, and then for anything more. */
async function untilTold(
  client: TestClient,
  roomId: string,
  expected: readonly unknown[],
): Promise<unknown[]> {
  for (let turn = 0; turn < 200 && told(client, roomId).length < expected.length; turn += 1) {
    await clock.advance(50);
    await pause(5);
  }
  await client.expectSilence('none');
  return told(client, roomId);
}

describe('memberships of a room that becomes large and small again', () => {
  it('are told to their members from the own joining to the own leaving, without a gap', async () => {
    const types = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 4, maxLength: 12 }), async (rounds) => {
        const roomId = await play(rounds);
        const expected = new Expected(await server.get(LogReader).events(roomId, 0, 10_000));
        for (const { type } of expected.events) types.set(type, (types.get(type) ?? 0) + 1);
        for (const { id, devices } of users) {
          const frames = expected.frames.get(id) ?? [];
          for (const client of devices) expect(await untilTold(client, roomId, frames)).toEqual(frames);
        }
        const facts = await server.get(LogReader).roomFacts(roomId);
        expect(facts).toMatchObject({ memberCount: expected.members.size, head: expected.events.length });
      }),
      { numRuns: Number(process.env['PARLEY_MODEL_RUNS'] ?? 25) },
    );
    for (const type of ['member.joined', 'member.left', 'members.changed', 'message']) {
      expect([type, types.get(type)]).toEqual([type, expect.any(Number)]);
    }
  }, 120_000);
});
