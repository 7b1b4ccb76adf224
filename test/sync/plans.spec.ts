import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppendDriver, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import { store as discoveryStore } from '../../src/features/chat/administration/discovery.store.js';
import { store as logStore } from '../../src/features/chat/log/log.store.js';
import { store as messagesStore } from '../../src/features/chat/messages/messages.store.js';
import { store as pinsStore } from '../../src/features/chat/lifecycle/pins.store.js';
import { store as readsStore } from '../../src/features/chat/reading/reads.store.js';
import { store as receiptsStore } from '../../src/features/chat/reading/receipts.store.js';
import { orderFrom, type RoomOrder } from '../../src/features/chat/records/index.js';
import { store as roomsStore } from '../../src/features/chat/rooms/rooms.store.js';
import { store as searchStore } from '../../src/features/chat/search/search.store.js';
import { store as syncStore } from '../../src/features/chat/sync/sync.store.js';
import type { SyncQuery } from '../../src/features/chat/sync/sync-page.js';
import { explain, openTestDatabase, perform, type TestDatabase } from '../../src/storage/testing.js';

const { reads } = syncStore;

/** What may be read whole: what the statement itself brings, and tables of one row. */
const SMALL = [
  /^SCAN (\d+ )?CONSTANT ROWS?$/,
  /^SCAN (wanted|named|halves|column1)\b/,
  /^SCAN search_words VIRTUAL TABLE INDEX/,
  /^SCAN json_each/,
  /^SCAN log_state$/,
];

/** Sorts of what an index has narrowed down to one user's rooms, a page, or the words of a query. */
const SMALL_SORTS: Readonly<Record<string, RegExp>> = {
  'a list of rooms': /from "members" inner join "rooms"/,
  'changed positions': /"changed_commit" as "commit"/,
  'mentions of some rooms': /count\(\*\) as "count".*group by "mentions"/s,
  'channels that match': /from "channel_names"/,
  'one who shares rooms': /select distinct "theirs"/,
};

let test: TestDatabase;
let log: AppendDriver;
let roomIds: string[];
let threadSeq: number;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS, store: 'embedded' });
  log = new AppendDriver(test.database);
  roomIds = [];
  for (let count = 0; count < 30; count += 1) roomIds.push(await log.group());
  const [first = ''] = roomIds;
  const root = await log.stored(log.sending(first));
  threadSeq = root.message?.seq ?? 0;
  await log.stored(log.sending(first, { threadSeq, namedIds: ['bob'] }));
  for (const roomId of roomIds) await log.stored(log.sending(roomId, { namedIds: ['bob'] }));
});

afterAll(async () => test.close());

function syncOf(values: Partial<SyncQuery>): SyncQuery {
  return {
    userId: 'bob',
    rooms: new Map(),
    isOtherEpoch: false,
    isRestWanted: false,
    limit: 50,
    place: { order: orderFrom(0), removedFrom: 0 },
    since: null,
    ahead: {},
    remembered: new Map(),
    maxBytes: 262_144,
    ...values,
  };
}

const at = (seq: number) => new Map(roomIds.map((roomId) => [roomId, seq]));
const moved: RoomOrder = { startedMs: 1, given: ['00'], last: { activeMs: 1, roomId: 'a' } };

/** Every read of the lists that users page through, with a request that makes it run all of its statements. */
const READS: Readonly<Record<string, () => Promise<{ statements: readonly { sql: string }[] }>>> = {
  'room.sync': () =>
    perform(
      test,
      reads.sync,
      syncOf({ rooms: at(1), since: { commit: 1, roomId: 'a' }, isRestWanted: true }),
    ),
  'room.sync, everything unnamed': () => perform(test, reads.sync, syncOf({ isRestWanted: true, limit: 1 })),
  'room.sync, a further page': () =>
    perform(test, reads.sync, syncOf({ rooms: at(1), place: { order: moved, removedFrom: 0 } })),
  'room.list': () =>
    perform(test, roomsStore.reads.list, {
      userId: 'bob',
      ahead: {},
      order: orderFrom(0),
      limit: 10,
      maxBytes: 1e6,
    }),
  'room.list, a further page': () =>
    perform(test, roomsStore.reads.list, {
      userId: 'bob',
      ahead: {},
      order: moved,
      limit: 10,
      maxBytes: 1e6,
    }),
  'room.members': () =>
    perform(test, roomsStore.reads.members, {
      roomId: roomIds[0] ?? '',
      userId: 'bob',
      place: { joinedSeq: 1, userId: 'ann' },
      limit: 10,
    }),
  'room.get': () =>
    perform(test, roomsStore.reads.visible, { roomId: roomIds[0] ?? '', userId: 'bob', ahead: {} }),
  'room.discover': () =>
    perform(test, discoveryStore.reads.discover, {
      userId: 'bob',
      query: 'tea room',
      place: { foldedName: 'a', roomId: 'a' },
      limit: 10,
      maxBytes: 1e6,
      ahead: {},
    }),
  ...Object.fromEntries(
    [
      { at: 'end' as const },
      { at: 'before' as const, seq: 9 },
      { at: 'after' as const, seq: 2 },
      { at: 'around' as const, seq: 3 },
    ].flatMap((anchor) =>
      [null, 3].map((thread) => [
        `message.history ${anchor.at}${thread === null ? '' : ' in a thread'}`,
        () =>
          perform(test, messagesStore.reads.history, {
            roomId: roomIds[0] ?? '',
            userId: 'bob',
            anchor,
            threadSeq: thread,
            limit: 10,
            maxBytes: 1e6,
          }),
      ]),
    ),
  ),
  'message.get': () =>
    perform(test, messagesStore.reads.get, { roomId: roomIds[0] ?? '', userId: 'bob', seq: threadSeq }),
  'message.pins': () =>
    perform(test, pinsStore.reads.page, {
      roomId: roomIds[0] ?? '',
      userId: 'bob',
      before: 9,
      limit: 10,
      maxBytes: 1e6,
    }),
  'message.receipts': () => perform(test, receiptsStore.reads.of, receiptsOf(threadSeq)),
  'message.receipts of a reply': () => perform(test, receiptsStore.reads.of, receiptsOf(threadSeq + 1)),
  'message.read in a thread': () =>
    perform(test, readsStore.reads.thread, {
      roomId: roomIds[0] ?? '',
      userId: 'bob',
      seq: 9,
      ahead: {},
      threadSeq,
      threadAhead: 0,
    }),
  'message.search': () =>
    perform(test, searchStore.reads.search, {
      userId: 'bob',
      query: 'hello',
      roomId: null,
      senderId: null,
      place: null,
      limit: 10,
      maxBytes: 1e6,
    }),
  'a connection begins': () => perform(test, logStore.reads.memberships, ['bob', 'ann']),
  'heads are compared': () => perform(test, logStore.reads.heads, roomIds),
  'a stretch of a log': () =>
    perform(test, logStore.reads.events, {
      roomId: roomIds[0] ?? '',
      after: 0,
      until: 9,
      limit: 9,
      maxBytes: 1e6,
    }),
  'who shares a room': () =>
    perform(test, roomsStore.reads.sharing, { userId: 'bob', otherIds: ['ann', 'cy'] }),
  "a room's members": () => perform(test, roomsStore.reads.memberIds, { roomId: roomIds[0] ?? '', limit: 9 }),
};

function receiptsOf(seq: number) {
  return { roomId: roomIds[0] ?? '', userId: 'bob', seq, place: { joinedSeq: 1, userId: 'ann' }, limit: 10 };
}

/** Steps that read a whole table, or that sort something without bounds. */
async function costlySteps(sql: string): Promise<string[]> {
  const steps = await explain(test, { sql, parameters: [] });
  return steps.filter((step) => {
    if (step.startsWith('SCAN')) return !SMALL.some((small) => small.test(step));
    if (!step.includes('TEMP B-TREE') && !step.includes('AUTOMATIC')) return false;
    return !Object.values(SMALL_SORTS).some((known) => known.test(sql));
  });
}

describe('what is read', () => {
  it.each(Object.keys(READS))('%s is looked up', async (name) => {
    const { statements = [] } = (await READS[name]?.()) ?? {};
    expect(statements.length).toBeGreaterThan(0);
    for (const { sql } of statements)
      expect({ sql, costly: await costlySteps(sql) }).toEqual({ sql, costly: [] });
  });

  it('would be noticed if it were not', async () => {
    expect(await costlySteps("select * from messages where text = 'x'")).toEqual(['SCAN messages']);
    expect(await costlySteps("select * from messages where room_id = 'x' order by text")).toEqual([
      'USE TEMP B-TREE FOR ORDER BY',
    ]);
  });
});

describe('the statements of room.sync', () => {
  const countOf = async (values: Partial<SyncQuery>): Promise<number> =>
    (await perform(test, reads.sync, syncOf(values))).statements.length;

  it('are as many for thirty rooms as for one', async () => {
    const [first = ''] = roomIds;
    const news = at(4);
    for (const roomId of roomIds) if (roomId !== first) news.set(roomId, 3);
    news.set(first, 1);
    const one = await countOf({ rooms: new Map([[first, 1]]) });
    expect(await countOf({ rooms: news, isRestWanted: true })).toBe(one + 1);
    expect(await countOf({ rooms: at(1) })).toBe(one);
    expect(one).toBeLessThanOrEqual(10);
  });

  it('are three when nothing is new', async () => {
    const heads = new Map(await log.logs.heads(roomIds));
    expect(await countOf({ rooms: heads, isRestWanted: true })).toBe(3);
  });

  it('are one more when rooms have moved since the first page, however many', async () => {
    const place = (order: RoomOrder) => ({ order, removedFrom: 0 });
    const first = await countOf({ rooms: at(1), place: place(orderFrom(0)) });
    const startedMs = Date.UTC(2029, 0, 1);
    const later = await countOf({ rooms: at(1), place: place({ startedMs, given: ['00'] }) });
    expect(later).toBe(first + 1);
  });
});
