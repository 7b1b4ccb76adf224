import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { delay } from './stage.js';

const COMMITS = 500;
const PACE_MS = 10;
const ROW_BYTES = 128;

/** How long one row takes to the disk that the servers write to, in ms: SQLite's log, synced at each commit. */
export async function measureCommit() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-commit-'));
  const db = new Database(join(folder, 'commits.db'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (row TEXT)');
    const insert = db.prepare('INSERT INTO rows VALUES (?)');
    const took = [];
    for (let count = 0; count < COMMITS; count += 1) {
      await delay(PACE_MS);
      const began = performance.now();
      insert.run('x'.repeat(ROW_BYTES));
      took.push(performance.now() - began);
    }
    const sorted = took.toSorted((one, other) => one - other);
    const at = (share) => sorted[Math.floor(sorted.length * share)];
    return { p50: at(0.5), p99: at(0.99) };
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}
