import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SyncFrame } from '../../src/features/chat/sync/frames.js';
import type { Synced, SyncedRoom } from '../../src/features/chat/sync/synced.js';
import {
  expectedRemovals,
  type ExpectedRoom,
  expectedRooms,
  headOf,
  type ModelRequest,
  type ModelRoom,
  unreadOf,
} from './sync-model.js';
import { namedIn, play, type RequestPlan, requestPlan, step } from './sync-steps.js';
import { type SyncUser, SyncWorld } from './sync-world.js';

const MAX_PAGES = 300;
const steps = fc.array(step, { minLength: 10, maxLength: 60 });

let world: SyncWorld;
let hits = 0;

beforeAll(async () => {
  world = await SyncWorld.open();
});

afterAll(async () => world.close());

/** Runs with a user of its own. */
async function withUser(run: (user: SyncUser) => Promise<void>): Promise<void> {
  const user = world.user();
  try {
    await run(user);
  } finally {
    hits += user.memory.hits;
    user.stop();
  }
}

interface Asked {
  readonly frame: Pick<SyncFrame, keyof SyncFrame>;
  readonly model: ModelRequest;
}

function asked(user: SyncUser, plan: RequestPlan): Asked {
  const rooms = namedIn(user.rooms, plan);
  const { epoch, isRestWanted, limit } = plan;
  const frame: Asked['frame'] = {
    rooms: Object.fromEntries(rooms),
    limit,
    ...(epoch !== 'unsaid' && { epoch: epoch === 'this' ? world.epoch : 'another' }),
    ...(!isRestWanted && { rest: 'none' as const }),
  };
  return { frame, model: { epoch, rooms, isRestWanted, limit } };
}

async function allPages(
  user: SyncUser,
  frame: Asked['frame'],
  maxBytes: number,
  meanwhile: (page: number) => Promise<void> = async () => undefined,
): Promise<Synced[]> {
  const pages: Synced[] = [];
  for (let cursor: string | null | undefined; cursor !== null && pages.length < MAX_PAGES;) {
    const page = await user.sync({ ...frame, ...(cursor && { cursor }) }, maxBytes);
    pages.push(page);
    ({ nextCursor: cursor } = page);
    await meanwhile(pages.length);
  }
  return pages;
}

function itemsOf({ rooms, removed, reads }: Synced): number {
  const events = rooms.reduce((sum, room) => sum + Math.max(1, room.events.length), 0);
  return events + removed.length + reads.length;
}

function expectBounded(pages: readonly Synced[], maxBytes: number): void {
  for (const page of pages) {
    const bytes = Buffer.byteLength(JSON.stringify(page));
    if (itemsOf(page) > 1) expect(bytes).toBeLessThanOrEqual(maxBytes);
    if (page.nextCursor !== null) expect(itemsOf(page)).toBeGreaterThan(0);
  }
}

/** All of what was to be given, or the right end of it and no less than one event; it is shown as it is now. */
function expectRoom(given: SyncedRoom, expected: ExpectedRoom, room: ModelRoom): boolean {
  const seqs = given.events.map(({ seq }) => seq);
  const { keeps, head } = expected;
  const end =
    keeps === 'start' ? expected.seqs.slice(0, seqs.length) : expected.seqs.slice(-seqs.length || head + 1);
  expect(seqs).toEqual(end);
  if (expected.seqs.length > 0) expect(seqs).not.toEqual([]);
  const last = seqs.at(-1) ?? head;
  expect({
    hasMore: given.hasMore,
    isReset: given.reset === true,
    isTruncated: given.truncated === true,
    head: given.room.head,
    readSeq: given.room.readSeq,
    unread: given.room.unread,
  }).toEqual({
    hasMore: keeps === 'start' && last < head,
    isReset: expected.isReset,
    isTruncated: expected.isTruncated,
    head,
    readSeq: room.own?.readSeq,
    unread: unreadOf(room),
  });
  expectWords(given, room);
  return seqs.length < expected.seqs.length;
}

function expectWords(given: SyncedRoom, room: ModelRoom): void {
  for (const event of given.events) {
    const known = room.events[event.seq - 1];
    expect(event.type).toBe(known?.type);
    if (known?.messageSeq === undefined) continue;
    const isKept = known.messageSeq >= room.floor;
    expect(event['message']).toMatchObject({ text: isKept ? room.texts.get(known.messageSeq) : '' });
  }
}

describe('room.sync, whatever has happened', () => {
  it('gives on all pages together what one answer without bounds would have', async () => {
    await fc.assert(
      fc.asyncProperty(steps, requestPlan, async (history, plan) =>
        withUser(async (user) => {
          await play(user, history);
          const { frame, model } = asked(user, plan);
          const expected = expectedRooms(user.rooms.values(), model);
          const pages = await allPages(user, frame, plan.maxBytes);
          expectBounded(pages, plan.maxBytes);
          expect(pages.flatMap(({ removed }) => removed)).toEqual(expectedRemovals(user.rooms, model));
          expect(pages.flatMap(({ rooms }) => rooms.map(({ room }) => room.id))).toEqual(
            expected.map(({ id }) => id),
          );
          const byId = new Map(expected.map((room) => [room.id, room]));
          for (const { rooms } of pages) {
            const cut = rooms.map((given) => {
              const id = given.room.id;
              return expectRoom(given, byId.get(id) as ExpectedRoom, user.rooms.get(id) as ModelRoom);
            });
            expect(cut.slice(0, -1)).not.toContain(true);
          }
        }),
      ),
      { numRuns: 40 },
    );
    // Without this, memory would be tested by nothing.
    expect(hits).toBeGreaterThan(0);
  }, 120_000);

  it('keeps the order of the first page while rooms become active, and gives none twice', async () => {
    await fc.assert(
      fc.asyncProperty(steps, requestPlan, fc.array(step, { maxLength: 20 }), async (history, plan, later) =>
        withUser(async (user) => {
          await play(user, history);
          const { frame, model } = asked(user, plan);
          // A head may reach a place beyond it meanwhile; only the epoch tells that the place was never true.
          const expected = expectedRooms(user.rooms.values(), model)
            .filter(({ isReset }) => !isReset || model.epoch === 'another')
            .map(({ id }) => id);
          // No promise spans leaving and coming back.
          user.left.clear();
          const pages = await allPages(user, frame, plan.maxBytes, async (page) => {
            // What happens in the very millisecond of the first page counts as before it.
            await world.clock.advance(1);
            // Nor does a room that lost every event of that time have a place in it.
            const kept = later.filter(({ kind }) => kind !== 'drop');
            await play(user, kept.slice(3 * (page - 1), 3 * page));
          });
          const given = pages.flatMap(({ rooms }) => rooms.map(({ room }) => room.id));
          expect(new Set(given).size).toBe(given.length);
          const isThere = (id: string): boolean => !user.left.has(id);
          expect(given.filter((id) => expected.includes(id) && isThere(id))).toEqual(
            expected.filter((id) => isThere(id)),
          );
        }),
      ),
      { numRuns: 50 },
    );
  }, 120_000);

  it('brings a client that keeps its places to the head of every room', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, requestPlan, async (before, missed, plan) =>
        withUser(async (user) => {
          await play(user, before);
          const client = new Client(user, plan.limit, plan.maxBytes);
          await client.catchUp();
          await play(user, missed);
          await client.catchUp();
          const heads = [...user.rooms.values()]
            .filter(({ own }) => own)
            .map((room) => [room.id, headOf(room)]);
          expect([...client.places].toSorted()).toEqual(heads.toSorted());
        }),
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it('tells of every position that changed since, and of no other', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, requestPlan, async (before, after, { maxBytes }) =>
        withUser(async (user) => {
          await play(user, before);
          const first = await user.sync({ rest: 'none' });
          const seen = user.lastVersion;
          await play(user, after);
          const told = await positionsSince(user, first.since, maxBytes);
          expect(first.reads).toEqual([]);
          const own = [...user.rooms.values()].filter((room) => room.own !== undefined);
          // Where others commit beside us, what is near the mark comes again rather than never.
          const isAgain = ({ id }: ModelRoom): boolean => !world.isAlone && told.has(id);
          const due = own.filter((room) => (room.own?.version ?? 0) > seen || isAgain(room));
          expect(told).toEqual(new Map(due.map((room) => [room.id, positionIn(room)])));
        }),
      ),
      { numRuns: 50 },
    );
  }, 120_000);
});

describe("a node's memory", () => {
  it('shows no message that is not kept any more, though an edit of it is', async () => {
    await withUser(async (user) => {
      const room = await user.create(true);
      user.follow(room);
      await user.send(room, false, 'first words');
      const seq = headOf(room);
      await world.clock.advance(10);
      await user.edit(room, seq, 'other words');
      await user.drop(room, headOf(room));
      const { rooms } = await user.sync({ rooms: { [room.id]: seq }, rest: 'none' });
      expect(rooms).toMatchObject([{ events: [{ seq: seq + 1, message: { seq, text: '' } }] }]);
      expect(user.memory.hits).toBe(1);
    });
  });
});

async function positionsSince(user: SyncUser, start: string, maxBytes: number) {
  const found = new Map<string, object>();
  for (let since = start, count = 0; count < MAX_PAGES; count += 1) {
    const answer = await user.sync({ rest: 'none', since }, maxBytes);
    expectBounded([answer], maxBytes);
    if (answer.reads.length === 0) return found;
    for (const { roomId, readSeq, unread, muted } of answer.reads) {
      const told = { readSeq, unread, muted };
      // Where others commit beside us, what is near the mark comes again rather than never.
      if (world.isAlone) expect(found.has(roomId)).toBe(false);
      expect(found.get(roomId) ?? told).toEqual(told);
      found.set(roomId, told);
    }
    ({ since } = answer);
  }
  throw new Error('the positions never end');
}

function positionIn(room: ModelRoom): object {
  return { readSeq: room.own?.readSeq, unread: unreadOf(room), muted: room.own?.isMuted };
}

/** Keeps the last `seq` of each room, as the protocol asks of clients. */
class Client {
  readonly places = new Map<string, number>();

  constructor(
    private readonly user: SyncUser,
    private readonly limit: number,
    private readonly maxBytes: number,
  ) {}

  async catchUp(): Promise<void> {
    for (let count = 0; count < MAX_PAGES; count += 1) {
      const frame = { epoch: world.epoch, rooms: Object.fromEntries(this.places), limit: this.limit };
      const pages = await allPages(this.user, frame, this.maxBytes);
      for (const page of pages) this.take(page);
      if (pages.every(({ rooms, removed }) => rooms.length + removed.length === 0)) return;
    }
    throw new Error('the client never catches up');
  }

  private take({ rooms, removed }: Synced): void {
    for (const id of removed) this.places.delete(id);
    for (const { room, events, truncated, reset } of rooms) {
      const place = this.places.get(room.id);
      const [first] = events;
      expect(reset).toBeUndefined();
      if (place !== undefined && !truncated) expect(first?.seq).toBe(place + 1);
      this.places.set(room.id, events.at(-1)?.seq ?? room.head);
    }
  }
}
