/**
 * Puts the embedded database to the test that its ADR rests on. One command, about two minutes: node bench/storage-spike.js
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';
import { unsyncedAcknowledgements } from './storage-trace.js';

const ROUNDS = 20;
const MEASURE_MS = 3_000;
const SCRIPT = fileURLToPath(new URL('../test/storage/writing-process.js', import.meta.url));

await compile();
const storageUrl = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src/storage')).href;
const { SqliteDatabase } = await import(`${storageUrl}/sqlite/database.sqlite.js`);
const { notesMigrations, store } = await import(`${storageUrl}/contract/notes.store.js`);

await killRounds('full', ROUNDS);
await killRounds('process', ROUNDS);
await killRounds('full', 3, ['--early']);
for (const durability of ['full', 'process']) {
  for (const rows of [1, 50, 200]) await measureCommits(durability, rows);
}
await traceSyncs('full');
await traceSyncs('process');
await fillDisk();

/** Kills a writing process at random moments, each time on what the last one left, and looks for what it promised. */
async function killRounds(durability, rounds, flags = []) {
  const lost = await inFolder(async (dataDir) => {
    const totals = { acknowledged: 0, lost: 0, damaged: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const acknowledged = await killedAfter(20 + Math.random() * 400, [dataDir, durability, '16', ...flags]);
      const { ids, isIntact } = await inspect(dataDir, durability);
      totals.acknowledged += acknowledged.length;
      totals.lost += acknowledged.filter((id) => !ids.has(id)).length;
      totals.damaged += isIntact ? 0 : 1;
    }
    return totals;
  });
  const control = flags.length > 0 ? ', acknowledged too early on purpose' : '';
  print(`kill -9, ${durability}${control}`, { rounds, ...lost });
}

async function killedAfter(waitMs, parameters) {
  const child = spawn(process.execPath, [SCRIPT, storageUrl, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = text(child.stdout);
  await once(child.stdout, 'data');
  await delay(waitMs);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return (await printed).trimEnd().split('\n').map(Number);
}

async function inspect(dataDir, durability) {
  const database = await started(dataDir, durability);
  const ids = new Set((await database.open(store).all()).map(({ id }) => id));
  const [[{ integrity_check: verdict }]] = await database.read([
    { sql: 'pragma integrity_check', parameters: [] },
  ]);
  await database.stop();
  return { ids, isIntact: verdict === 'ok' && ids.size === Math.max(...ids) };
}

async function measureCommits(durability, rows) {
  await inFolder(async (dataDir) => {
    const database = await started(dataDir, durability);
    const notes = database.open(store);
    const body = 'x'.repeat(300);
    let id = 0;
    const begin = performance.now();
    while (performance.now() - begin < MEASURE_MS) {
      await notes.insertMany(Array.from({ length: rows }, () => ({ id: ++id, body })));
    }
    const seconds = (performance.now() - begin) / 1_000;
    await database.stop();
    print(`commits, ${durability}, ${rows} rows each`, {
      commitsPerSecond: Math.round(id / rows / seconds),
      rowsPerSecond: Math.round(id / seconds),
    });
  });
}

/** Counts acknowledgements (of 500) that left the process before the log was on the disk. Needs strace. */
async function traceSyncs(durability) {
  await inFolder(async (dataDir) => {
    const trace = join(dataDir, 'trace');
    const options = ['-f', '-y', '-s', '32', '-e', 'trace=pwrite64,write,fsync,fdatasync', '-o', trace];
    const writer = [
      process.execPath,
      SCRIPT,
      storageUrl,
      join(dataDir, 'db'),
      durability,
      '1',
      '--limit',
      '500',
    ];
    const child = spawn('strace', [...options, ...writer], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.resume();
    await once(child, 'exit');
    print(`strace, ${durability}`, unsyncedAcknowledgements(await readFile(trace, 'utf8')));
  });
}

/** Fills a small disk, reads from it while it is full, makes room, and writes again. Needs the right to mount. */
async function fillDisk() {
  await inFolder(async (dataDir) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', dataDir], { stdio: 'ignore' });
    } catch {
      print('disk full', { skipped: 'no right to mount' });
      return;
    }
    try {
      print('disk full', await writeUntilFull(dataDir));
    } finally {
      execFileSync('umount', [dataDir]);
    }
  });
}

async function writeUntilFull(dataDir) {
  const database = await started(dataDir, 'full');
  const notes = database.open(store);
  const body = 'x'.repeat(10_000);
  let stored = 0;
  let refusal;
  while (refusal === undefined) {
    refusal = await notes.insert({ id: stored + 1, body }).then(() => undefined, String);
    if (refusal === undefined) stored += 1;
  }
  await writeFile(join(dataDir, 'filler'), Buffer.alloc(3_000_000)).catch(() => undefined);
  const ping = await database.ping().then(
    () => 'ok',
    (error) => error.outcome,
  );
  const readable = await notes.count();
  await rm(join(dataDir, 'filler'));
  execFileSync('mount', ['-o', 'remount,size=30m', dataDir]);
  await notes.insert({ id: stored + 1, body });
  await database.stop();
  const { ids, isIntact } = await inspect(dataDir, 'full');
  return { stored, refusal, ping, readable, storedOnceThereIsRoom: ids.size, isIntact };
}

async function started(dataDir, durability) {
  const database = new SqliteDatabase({ dataDir, durability });
  database.addMigrations(notesMigrations);
  await database.start();
  return database;
}

async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'parley-spike-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print(title, figures) {
  const line = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`${title}: ${line.join(', ')}\n`);
}
