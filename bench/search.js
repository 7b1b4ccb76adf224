/**
 * What searching costs: 100,000 messages are stored with the index and without it, then searched. One command, about
 * a minute: node bench/search.js [messages]
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';

const MESSAGES = Number(process.argv[2] ?? 100_000);
const BATCH = 200;
const ROOMS = 50;
const WORDS = 20_000;
const TIMES = 15;

await compile();
const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
const { SqliteDatabase } = await import(`${source}/storage/sqlite/database.sqlite.js`);
const { LOG_MIGRATIONS } = await import(`${source}/features/chat/log/append-driver.js`);
const { appendStore } = await import(`${source}/features/chat/log/index.js`);
const { searchStore } = await import(`${source}/features/chat/search/index.js`);

let state = 7;

/** Mulberry32: the same texts in every run. */
function chance() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** How often each word has come. */
const counts = new Map();

/** Words come as they do in languages: the n-th one 1/n as often as the first. */
function text() {
  return Array.from({ length: 4 + Math.floor(chance() * 24) }, () => {
    const word = wordAt(Math.floor(WORDS ** chance()));
    counts.set(word, (counts.get(word) ?? 0) + 1);
    return word;
  }).join(' ');
}

function wordAt(rank) {
  const letters = (rank * 2654435761) % 4294967296;
  return (
    letters
      .toString(36)
      .replace(/\d/g, (digit) => 'aeioubdgkl'[digit])
      .slice(0, 3 + (rank % 6)) + (rank % 36).toString(36)
  );
}

async function fill(database) {
  const append = database.open(appendStore).append;
  const creation = {
    change: 'create',
    kind: 'group',
    name: null,
    topic: null,
    clientId: null,
    areMembersKnown: true,
  };
  for (let room = 0; room < ROOMS; room += 1) {
    const actorId = room % 2 === 0 ? 'ann' : 'bob';
    await append({ nowMs: 0, changes: [{ ...creation, roomId: `room-${room}`, actorId, memberIds: [] }] });
  }
  const times = [];
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    const changes = Array.from({ length: BATCH }, (_, index) => sending(sent + index));
    const started = performance.now();
    await append({ nowMs: sent, changes });
    times.push(performance.now() - started);
  }
  return times;
}

function sending(number) {
  const room = Math.floor(chance() * ROOMS);
  return {
    change: 'send',
    roomId: `room-${room}`,
    actorId: room % 2 === 0 ? 'ann' : 'bob',
    id: `message-${number}`,
    clientId: `client-${number}`,
    requestHash: 'x'.repeat(43),
    text: text(),
    replyTo: null,
    threadSeq: null,
    meta: null,
    namedIds: [],
    attachmentIds: [],
  };
}

async function inFolder(run) {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  const database = new SqliteDatabase({ dataDir, durability: 'process' });
  database.addMigrations(LOG_MIGRATIONS);
  try {
    await database.start();
    return await run(database, dataDir);
  } finally {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const median = (times) => times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)];
const round = (value) => Math.round(value * 100) / 100;

async function searches(database) {
  const { search } = database.open(searchStore);
  const one = { userId: 'ann', roomId: null, senderId: null, place: null, limit: 20, maxBytes: 262144 };
  const [rare] = [...counts].find(([word, count]) => count > 20 && count < 40 && word.length > 6) ?? [''];
  const cases = {
    'a rare word': { ...one, query: rare },
    'a common word': { ...one, query: `${wordAt(2)} ${wordAt(3)} ` },
    'the most common word, one room': { ...one, query: `${wordAt(1)}`, roomId: 'room-0' },
    'three words': { ...one, query: `${wordAt(1)} ${wordAt(5)} ${wordAt(40)}` },
    'one letter': { ...one, query: 'a' },
    'a word that is not there': { ...one, query: 'zzzzzzzz' },
    'the most common word, by someone else': { ...one, query: wordAt(1), senderId: 'bob' },
  };
  const table = {};
  for (const [name, query] of Object.entries(cases)) {
    const times = [];
    let hits;
    for (let time = 0; time < TIMES; time += 1) {
      const started = performance.now();
      hits = (await search(query)).hits.length;
      times.push(performance.now() - started);
    }
    table[name] = {
      words: query.query,
      hits,
      'median ms': round(median(times)),
      'slowest ms': round(Math.max(...times)),
    };
  }
  console.table(table);
}

async function sizes(database) {
  const [rows] = await database.read([
    {
      sql: 'select name, sum(pgsize) as bytes from dbstat group by name order by bytes desc limit 8',
      parameters: [],
    },
  ]);
  return rows;
}

async function plan(database) {
  const [rows] = await database.read([
    {
      sql: `explain query plan select rowid from search_words where search_words match '"a"' and rowid < 9 and rowid >= 1 order by rowid desc limit 500`,
      parameters: [],
    },
  ]);
  return rows.map(({ detail }) => detail);
}

await inFolder(async (database, dataDir) => {
  report('with the index', await fill(database));
  console.log(`the file has ${Math.round((await stat(join(dataDir, 'parley.db'))).size / 1e6)} MB, of them`);
  console.table(await sizes(database));
  console.log('the plan of the full-text query:', await plan(database));
  await searches(database);
});

await withoutTheIndex();
await inFolder(async (database) => report('without the index', await fill(database)));
process.exit(0);

function report(name, times) {
  const last = times.slice(-100);
  console.log(
    `${name}: ${round(median(times))} ms a batch of ${BATCH}, the last hundred ${round(median(last))} ms`,
  );
}

/** Threads load the compiled files: the next ones find a following that does nothing. */
async function withoutTheIndex() {
  const file = join(process.env.PARLEY_COMPILED_DIR, 'src/features/chat/search-index/follow.store.js');
  await writeFile(
    file,
    'export const [followMessages, forgetMessages, bringUpToDate] = Array(3).fill(async () => null); export const searchIndex = {};',
  );
}
