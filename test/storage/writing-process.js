import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * Writes rows with rising ids for ever, and prints each id once its write is acknowledged, to be killed in the middle.
 * With `--limit n` it ends after about n rows. With `--early` it prints ids before, which whoever checks must notice.
 *
 * node writing-process.js <url of the compiled src/storage> <data folder> <durability> <writes in flight>
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { early: { type: 'boolean', default: false }, limit: { type: 'string', default: 'Infinity' } },
});
const [storageUrl, dataDir, durability, inFlight] = positionals;
const { SqliteDatabase } = await import(`${storageUrl}/sqlite/database.sqlite.js`);
const { notesMigrations, store } = await import(`${storageUrl}/contract/notes.store.js`);

const database = new SqliteDatabase({ dataDir, durability });
database.addMigrations(notesMigrations);
await database.start();
const notes = database.open(store);
let lastId = await notes.count();

await Promise.all(Array.from({ length: Number(inFlight) }, writeRows));
await database.stop();

async function writeRows() {
  while (lastId < Number(values.limit)) {
    const id = ++lastId;
    if (values.early) acknowledge(id);
    await notes.insert({ id, body: 'x'.repeat(300) });
    if (!values.early) acknowledge(id);
  }
}

function acknowledge(id) {
  writeSync(1, `${id}\n`);
}
