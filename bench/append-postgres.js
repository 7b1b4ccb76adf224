/*
 * What appends cost on PostgreSQL, without sockets: `DATABASE_URL=postgres://… node bench/append-postgres.js`, after
 * `npm run build`, on an empty database. Nodes are made in this process; the server's part is not in "CPU µs".
 * `PARLEY_DIST` names another build to compare with.
 */
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';

const MEASURE_MS = 4_000;
const DIST = resolve(process.env.PARLEY_DIST ?? 'dist');
const TEXT = 'The quick brown fox jumps over the lazy dog, and then it does so once more for good measure.';

const load = async (path) => import(join(DIST, path));
const { PostgresDatabase } = await load('storage/postgres/database.postgres.js');
const { AUTH_MIGRATIONS } = await load('features/auth/store.js');
const { chatMigrations } = await load('features/chat/records/index.js');
const { appendStore } = await load('features/chat/log/append/index.js');
const { LogWriter } = await load('features/chat/log/log-writer.js');
const { LogPublisher } = await load('features/chat/log/log-publisher.js');
const { Outbox } = await load('features/chat/log/outbox.js');
const { EventMeter } = await load('features/chat/log/commit/event-meter.js');
const { LargeRooms } = await load('features/chat/large-rooms/index.js');
const { ANY_SIZE } = await load('features/chat/room-sizes.js');
const { MemoryTopicBus } = await load('realtime/fanout/topic-bus.memory.js');
const { Meters, SystemClock } = await load('realtime/index.js');

const nodes = [await startNode(), await startNode()];
const rooms = [];
for (let number = 0; number < 50; number += 1) rooms.push(await createRoom());
const table = {};
for (const [name, count, roomCount, senders] of [
  ['1 node, 1 room, one by one', 1, 1, 1],
  ['1 node, 1 room, 64 senders', 1, 1, 64],
  ['1 node, 50 rooms, 64 senders', 1, 50, 64],
  ['2 nodes, 1 room, 64 senders', 2, 1, 64],
  ['2 nodes, 50 rooms, 64 senders', 2, 50, 64],
]) {
  await measure(nodes.slice(0, count), rooms.slice(0, roomCount), senders, 1_000);
  table[name] = await measure(nodes.slice(0, count), rooms.slice(0, roomCount), senders, MEASURE_MS);
}
console.table(table);
for (const { database } of nodes) await database.stop();

async function startNode() {
  const database = new PostgresDatabase({ url: process.env.DATABASE_URL, durability: 'full' });
  database.addMigrations([...AUTH_MIGRATIONS, ...chatMigrations]);
  await database.start();
  const store = database.open(appendStore);
  const writer = new LogWriter(
    store.send ? { append: store.append, shared: store } : store,
    new LogPublisher(new MemoryTopicBus(), new Outbox(), new EventMeter(new Meters())),
    new SystemClock(),
    new LargeRooms({ rooms: ANY_SIZE }),
  );
  return { database, writer };
}

async function createRoom() {
  const memberIds = Array.from({ length: 20 }, () => randomUUID());
  const [actorId, ...others] = memberIds;
  const creation = {
    change: 'create',
    roomId: randomUUID(),
    actorId,
    kind: 'group',
    name: null,
    topic: null,
  };
  const { roomId } = await nodes[0].writer.submit({
    ...creation,
    memberIds: others,
    areMembersKnown: true,
    clientId: null,
  }).committed;
  return { roomId, memberIds };
}

async function measure(used, among, senders, durationMs) {
  const waits = [];
  let failed = 0;
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const send = async (index) => {
    while (performance.now() - start < durationMs) {
      const began = performance.now();
      const { committed } = used[index % used.length].writer.submit(messageIn(among));
      await committed.then(
        () => waits.push(performance.now() - began),
        () => (failed += 1),
      );
    }
  };
  await Promise.all(Array.from({ length: senders }, async (_, index) => send(index)));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  waits.sort((one, other) => one - other);
  return {
    'messages/s': Math.round((waits.length / elapsedMs) * 1000),
    'p50 ms': at(waits, 0.5),
    'p99 ms': at(waits, 0.99),
    'CPU µs': Math.round((user + system) / waits.length),
    failed,
  };
}

function at(waits, share) {
  return Math.round(waits[Math.floor(waits.length * share)] * 10) / 10;
}

function messageIn(among) {
  const { roomId, memberIds } = among[Math.floor(Math.random() * among.length)];
  const actorId = memberIds[Math.floor(Math.random() * memberIds.length)];
  const [id, clientId] = [randomUUID(), randomUUID()];
  const said = { text: TEXT, replyTo: null, threadSeq: null, meta: null, namedIds: [], attachmentIds: [] };
  return { change: 'send', roomId, actorId, id, clientId, requestHash: id, ...said };
}
