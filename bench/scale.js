/**
 * What reading costs when there is much that is not asked for: rooms without news, messages outside of the page, members
 * of large rooms, and connections of users with thousands of rooms. The store is filled by a few statements.
 * One command, about a minute: node --expose-gc bench/scale.js [messages in the largest room]
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';
import { Filler } from './scale-filler.js';

const LARGEST = Number(process.argv[2] ?? 1_000_000);
const TIMES = 21;
const MESSAGES = 20;
const NOW_MS = Date.UTC(2030, 0, 1);

await compile();
const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
const load = async (file) => import(`${source}/${file}.js`);
const { SqliteDatabase } = await load('storage/sqlite/database.sqlite');
const { perform } = await load('storage/testing');
const { LOG_MIGRATIONS } = await load('features/chat/log/append-driver');
const stores = {
  sync: (await load('features/chat/sync/sync.store')).store,
  rooms: (await load('features/chat/rooms/rooms.store')).store,
  messages: (await load('features/chat/messages/messages.store')).store,
  receipts: (await load('features/chat/reading/receipts.store')).store,
  log: (await load('features/chat/log/log.store')).store,
};
const { RoomStreams } = await load('features/chat/stream/room/index');
const { FrameCache } = await load('features/chat/stream/room/index');
const { PositionedTopics } = await load('realtime/fanout/positioned-topic');
const { MemoryTopicBus } = await load('realtime/fanout/topic-bus.memory');
const { SystemClock } = await load('realtime/clock/system-clock');

const median = (times) => times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)];
const round = (value) => Math.round(value * 100) / 100;

async function timed(ask) {
  const times = [];
  let answer;
  for (let time = 0; time < TIMES; time += 1) {
    const started = performance.now();
    answer = await ask();
    times.push(performance.now() - started);
  }
  // Other work on the machine shows in the median, not in the fastest.
  return { ms: `${round(median(times))} (${round(Math.min(...times))})`, answer };
}

const counted = async (dataDir, operation, query) =>
  (await perform({ dataDir }, operation, query)).statements.length;

const order = { startedMs: NOW_MS, isFirst: true, given: [] };

function syncOf(userId, rooms, values = {}) {
  return {
    userId,
    rooms,
    isOtherEpoch: false,
    isRestWanted: true,
    limit: 50,
    place: { order, removedFrom: 0 },
    since: { commit: 0, roomId: null },
    ahead: {},
    remembered: new Map(),
    maxBytes: 262_144,
    ...values,
  };
}

async function measureRooms(database, dataDir, filler) {
  const [sync, rooms] = [database.open(stores.sync), database.open(stores.rooms)];
  const table = [];
  for (const size of [10, 100, 1000, 5000]) {
    const userId = `user-${size}`;
    const ids = Array.from({ length: size }, () => randomUUID());
    filler.transaction(() => {
      for (const [index, id] of ids.entries()) {
        filler.room(id, { messages: MESSAGES, memberIds: [userId, 'ann'], activeMs: NOW_MS - 1e6 - index });
      }
    });
    for (const news of [0, 5, 50].filter((count) => count <= size)) {
      const named = new Map(ids.map((id, index) => [id, MESSAGES + 1 - (index < news ? 3 : 0)]));
      const query = syncOf(userId, named);
      const { ms, answer } = await timed(async () => sync.sync(query));
      const remembered = new Map(ids.slice(0, news).map((id) => [id, memoryOf(named.get(id))]));
      const { ms: fromMemory } = await timed(async () => sync.sync({ ...query, remembered }));
      const statements = await counted(dataDir, stores.sync.reads.sync, query);
      const given = answer.rooms.length;
      table.push({ rooms: size, news, given, statements, 'sync ms': ms, 'with memory ms': fromMemory });
    }
    table.push(await listed(dataDir, rooms, { userId, size }));
  }
  console.log('room.sync that names every room, and room.list (20 rooms), median (fastest) ms:');
  console.table(table);
}

async function listed(dataDir, rooms, { userId, size }) {
  const list = { userId, ahead: {}, order, limit: 20, maxBytes: 262_144 };
  const last = { activeMs: NOW_MS - 1e6 - size + 21, roomId: 'z' };
  return {
    rooms: size,
    news: '-',
    statements: await counted(dataDir, stores.rooms.reads.list, list),
    'list ms': (await timed(async () => rooms.list(list))).ms,
    'its last page ms': (
      await timed(async () => rooms.list({ ...list, order: { startedMs: NOW_MS, given: [], last } }))
    ).ms,
  };
}

const memoryOf = (seq) => ({
  after: seq,
  sizes: Array.from({ length: MESSAGES + 1 - seq }, () => 400),
  position: MESSAGES + 1,
  oldestShown: 2,
});

async function measureHistory(database, filler) {
  const messages = database.open(stores.messages);
  const table = [];
  for (let size = 100; size <= LARGEST; size *= 10) {
    const roomId = randomUUID();
    filler.transaction(() =>
      filler.room(roomId, { messages: size, memberIds: ['user-10'], activeMs: NOW_MS - 1e9 }),
    );
    const middle = Math.floor(size / 2);
    const ask = async (anchor, threadSeq = null) => {
      const query = { roomId, userId: 'user-10', anchor, threadSeq, limit: 50, maxBytes: 262_144 };
      return (await timed(async () => messages.history(query))).ms;
    };
    table.push({
      messages: size,
      newest: await ask({ at: 'end' }),
      before: await ask({ at: 'before', seq: middle }),
      after: await ask({ at: 'after', seq: middle }),
      around: await ask({ at: 'around', seq: middle }),
      thread: await ask({ at: 'end' }, 2),
      'thread, before': await ask({ at: 'before', seq: middle }, 2),
    });
  }
  console.log('message.history, 50 messages, median (fastest) ms:');
  console.table(table);
}

async function measureCrowds(database, filler) {
  const [rooms, receipts] = [database.open(stores.rooms), database.open(stores.receipts)];
  const table = [];
  for (const size of [10, 1000, 10_000, 100_000]) {
    const roomId = randomUUID();
    filler.transaction(() => {
      filler.room(roomId, { messages: 10, memberIds: ['user-10'], activeMs: NOW_MS - 1e9 });
      filler.crowd(roomId, size, 11);
    });
    const place = { joinedSeq: 2, userId: 'crowd-5' };
    const page = { roomId, userId: 'user-10', limit: 50 };
    const otherIds = Array.from({ length: Math.min(size, 1000) }, (_, index) => `crowd-${index + 1}`);
    table.push({
      members: size,
      'room.members': (await timed(async () => rooms.members({ ...page, place: null }))).ms,
      'a later page': (await timed(async () => rooms.members({ ...page, place }))).ms,
      'message.receipts': (await timed(async () => receipts.of({ ...page, seq: 9, place: null }))).ms,
      'who is watched': (await timed(async () => rooms.memberIds({ roomId, limit: 1000 }))).ms,
      'who may be': (await timed(async () => rooms.sharing({ userId: 'user-10', otherIds }))).ms,
    });
  }
  console.log('rooms of many members, median (fastest) ms:');
  console.table(table);
}

/** What a connection of this user makes a node follow. */
async function measureAttaching(database) {
  const { memberships, heads } = database.open(stores.log);
  const log = { heads: async (ids) => new Map(await heads(ids)) };
  const fail = (roomId, error) => {
    throw new Error(`trouble in ${roomId}`, { cause: error });
  };
  const table = [];
  for (const size of [10, 100, 1000, 5000]) {
    const { ms, answer } = await timed(async () => memberships(`user-${size}`));
    const streams = new RoomStreams({
      clock: new SystemClock(),
      log,
      bus: new MemoryTopicBus(),
      topics: new PositionedTopics(),
      cache: new FrameCache(),
      onEvent: () => undefined,
      onTrouble: fail,
    });
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    for (const { roomId, head } of answer) streams.activate(roomId, head);
    const began = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 300));
    globalThis.gc?.();
    const bytes = process.memoryUsage().heapUsed - before;
    const again = performance.now();
    for (const { roomId, head } of answer) streams.activate(roomId, head);
    table.push({
      rooms: size,
      'memberships ms': ms,
      'first follower ms': round(began),
      'another ms': round(performance.now() - again),
      'bytes a room': globalThis.gc ? Math.round(bytes / size) : '-',
    });
    streams.stop();
  }
  console.log("attaching a connection to its user's rooms:");
  console.table(table);
}

const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
const database = new SqliteDatabase({ dataDir, durability: 'process' });
database.addMigrations(LOG_MIGRATIONS);
try {
  await database.start();
  const filler = new Filler(join(dataDir, 'parley.db'));
  await measureRooms(database, dataDir, filler);
  await measureHistory(database, filler);
  await measureCrowds(database, filler);
  await measureAttaching(database);
  filler.db.close();
} finally {
  await database.stop();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(0);
