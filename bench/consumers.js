/**
 * What a consumer of the logs adds to an append, and what it costs to hand it the events and to note that it had them.
 * The variants take turns, so that a machine that is busy elsewhere is busy for all. About a minute: node bench/consumers.js
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';

const ROUNDS = 20;
const MESSAGES_A_ROUND = 400;
const ROOMS = 10;
const TEXT = 'x'.repeat(200);

await compile();
const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
const { SqliteDatabase } = await import(`${source}/storage/sqlite/database.sqlite.js`);
const { AppendDriver, LOG_MIGRATIONS } = await import(`${source}/features/chat/log/append-driver.js`);
const { consumersStore } = await import(`${source}/features/chat/consumers/index.js`);

for (const durability of ['full', 'process']) {
  await inFolder(durability, async (database) => {
    const bench = await prepared(database);
    for (const size of [1, 50, 200]) {
      console.log(
        `\nbatches of ${size}, durability ${durability}: µs per message, median of ${ROUNDS} rounds`,
      );
      console.table(await measure(bench, size));
    }
  });
}
process.exit(0);

async function prepared(database) {
  const driver = new AppendDriver(database);
  const rooms = [];
  for (let room = 0; room < ROOMS; room += 1) rooms.push(await driver.group());
  const consumers = database.open(consumersStore);
  const names = ['one', 'two', 'three'];
  const registering = names.map((name) => ({ name, types: '*', from: 'now' }));
  await consumers.register({ consumers: registering, forgotten: [], isAlone: true, nowMs: Date.now() });
  for (const name of names) await consumers.claim(claimOf(name));
  return { driver, rooms, consumers };
}

async function measure(bench, size) {
  const variants = {
    'no consumer': [],
    'one, noted': ['one'],
    'three, noted': ['one', 'two', 'three'],
  };
  const appends = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  const handovers = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, consumers] of Object.entries(variants)) {
      appends[name].push(await append(bench, size, consumers));
      const spent = await drain(bench, consumers);
      if (name === 'one, noted') handovers.push(spent);
    }
  }
  const rows = Object.entries(appends).map(([name, spans]) => [name, { append: median(spans) }]);
  return { ...Object.fromEntries(rows), 'one, page and note': { append: median(handovers) } };
}

/** Appends the messages of a round. */
async function append({ driver, rooms }, size, consumers) {
  const interests = consumers.map((consumer) => ({ consumer, types: '*' }));
  const batches = Array.from({ length: Math.max(1, Math.round(roundOf(size) / size)) }, () =>
    Array.from({ length: size }, (_, index) => driver.sending(rooms[index % ROOMS], { text: TEXT })),
  );
  const start = performance.now();
  for (const changes of batches) {
    const outcomes = await driver.appends.append({ nowMs: Date.now(), changes, interests });
    if (outcomes.some(({ outcome }) => outcome !== 'stored')) throw new Error('not stored');
  }
  return ((performance.now() - start) * 1000) / (batches.length * size);
}

/** Single commits are slow: a round of them is shorter. */
function roundOf(size) {
  return size === 1 ? 25 : MESSAGES_A_ROUND;
}

/** Reads and notes all that waits; µs per event of the first consumer. */
async function drain({ consumers }, names) {
  let events = 0;
  const start = performance.now();
  for (const name of names) {
    let page;
    do {
      page = await consumers.page({ name, types: '*', maxEvents: 100, maxBytes: 1024 * 1024 });
      events += page.events.length;
      if (page.places.length > 0) await consumers.acknowledge({ ...claimOf(name), places: page.places });
    } while (page.hasMore);
  }
  return ((performance.now() - start) * 1000) / Math.max(1, events);
}

function claimOf(consumer) {
  return { consumer, holder: 'bench', leaseMs: 60_000, nowMs: Date.now() };
}

function median(values) {
  return Math.round(values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] * 10) / 10;
}

async function inFolder(durability, work) {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const database = new SqliteDatabase({ dataDir, durability });
  database.addMigrations(LOG_MIGRATIONS);
  await database.start();
  try {
    await work(database);
  } finally {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
