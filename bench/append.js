/**
 * What it costs to append messages to rooms' logs: alone and in groups, and what senders who wait for their answers
 * get out of the group commit. One command, about half a minute: node bench/append.js
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';

const MEASURE_MS = 3_000;
const ROOMS = 10;
const MEMBERS = 20;
const TEXT = 'x'.repeat(200);

await compile();
const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
const { SqliteDatabase } = await import(`${source}/storage/sqlite/database.sqlite.js`);
const { AUTH_MIGRATIONS } = await import(`${source}/features/auth/store.js`);
const { chatMigrations } = await import(`${source}/features/chat/records/index.js`);
const { appendStore, LogWriter, Outbox } = await import(`${source}/features/chat/log/index.js`);
const { LogPublisher } = await import(`${source}/features/chat/log/log-publisher.js`);
const { EventMeter } = await import(`${source}/features/chat/log/commit/event-meter.js`);
const { MemoryTopicBus } = await import(`${source}/realtime/fanout/topic-bus.memory.js`);
const { LargeRooms } = await import(`${source}/features/chat/large-rooms/index.js`);
const { ANY_SIZE } = await import(`${source}/features/chat/room-sizes.js`);
const { Meters, SystemClock, newId } = await import(`${source}/realtime/index.js`);

for (const durability of ['full', 'process']) {
  await inFolder(durability, async (database) => {
    const rooms = await createRooms(database);
    const batches = {};
    for (const size of [1, 50, 200])
      batches[`batches of ${size}`] = await measureBatches(database, rooms, size);
    console.log(`\nThe append operation, durability ${durability}`);
    console.table(batches);
    const senders = {};
    for (const count of [1, 16, 256])
      senders[`${count} senders`] = await measureSenders(database, rooms, count);
    console.log(`Senders who wait for each answer, durability ${durability}`);
    console.table(senders);
  });
}
process.exit(0);

async function createRooms(database) {
  const store = database.open(appendStore);
  const memberIds = Array.from({ length: MEMBERS }, () => newId());
  const [actorId, ...others] = memberIds;
  const creation = { change: 'create', actorId, kind: 'group', name: null, topic: null, clientId: null };
  const changes = Array.from({ length: ROOMS }, () => ({
    ...creation,
    roomId: newId(),
    memberIds: others,
    areMembersKnown: true,
  }));
  await store.append({ nowMs: Date.now(), changes });
  return changes.map(({ roomId }) => ({ roomId, memberIds }));
}

function randomSend(rooms) {
  const { roomId, memberIds } = rooms[Math.floor(Math.random() * rooms.length)];
  return {
    change: 'send',
    roomId,
    actorId: memberIds[Math.floor(Math.random() * memberIds.length)],
    id: newId(),
    clientId: newId(),
    requestHash: 'rJ3cG4kDbq8o2VbH2u1rVw0mC5kC3cN9xkq2r1Yw8yE',
    text: TEXT,
    replyTo: null,
    threadSeq: null,
    meta: null,
    namedIds: [],
    attachmentIds: [],
  };
}

/** One batch after the other, straight to the store. */
async function measureBatches(database, rooms, size) {
  const store = database.open(appendStore);
  let messages = 0;
  const elapsedMs = await forAWhile(async () => {
    const changes = Array.from({ length: size }, () => randomSend(rooms));
    const outcomes = await store.append({ nowMs: Date.now(), changes });
    if (outcomes.some(({ outcome }) => outcome !== 'stored')) throw new Error('not stored');
    messages += size;
  });
  return figures(messages, elapsedMs);
}

/** Each sends its next message when the last one is stored. */
async function measureSenders(database, rooms, count) {
  const writer = new LogWriter(
    database.open(appendStore),
    new LogPublisher(new MemoryTopicBus(), new Outbox(), new EventMeter(new Meters())),
    new SystemClock(),
    new LargeRooms({ rooms: ANY_SIZE }),
  );
  const waits = [];
  const elapsedMs = await Promise.all(
    Array.from({ length: count }, () =>
      forAWhile(async () => {
        const start = performance.now();
        await writer.submit(randomSend(rooms)).committed;
        waits.push(performance.now() - start);
      }),
    ),
  ).then((all) => Math.max(...all));
  waits.sort((one, other) => one - other);
  return { ...figures(waits.length, elapsedMs), 'p99 ms': round(waits[Math.floor(waits.length * 0.99)]) };
}

async function forAWhile(work) {
  const start = performance.now();
  while (performance.now() - start < MEASURE_MS) await work();
  return performance.now() - start;
}

function figures(messages, elapsedMs) {
  return {
    'messages/s': Math.round((messages / elapsedMs) * 1000),
    'µs per message': round((elapsedMs / messages) * 1000),
  };
}

function round(value) {
  return Math.round(value * 10) / 10;
}

async function inFolder(durability, work) {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const database = new SqliteDatabase({ dataDir, durability });
  database.addMigrations([...AUTH_MIGRATIONS, ...chatMigrations]);
  await database.start();
  try {
    await work(database);
  } finally {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
