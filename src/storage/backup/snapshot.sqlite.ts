import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { createPrivateFile } from '../sqlite/directory-lock.js';
import { queryBuilder } from '../sqlite/query-builder.js';
import type { BuildQuery, Snapshot } from './snapshot.js';

/** The database's file, in a data folder and in a backup. */
export const SQLITE_FILE = 'parley.db';

/** Longest wait for the end of a recovery; commits are not waited for. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Copies the embedded database of a data folder into another folder, whether or not a service has it open. The copy is one
 * read transaction: senders go on meanwhile, and the write-ahead log grows until it is done. It has no deleted row in it.
 */
export async function snapshotSqlite(dataDir: string, folder: string): Promise<Snapshot> {
  const source = join(dataDir, SQLITE_FILE);
  if (!existsSync(source)) {
    throw new Error(`there is no database in ${dataDir}: set DATA_DIR to the folder that the service has`);
  }
  const file = join(folder, SQLITE_FILE);
  createPrivateFile(file);
  const database = new Libsql(source, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`VACUUM INTO '${file.replaceAll("'", "''")}'`);
  } finally {
    database.close();
  }
  await synced(file);
  return new SqliteSnapshot(file);
}

class SqliteSnapshot implements Snapshot {
  readonly dialect = 'sqlite';
  readonly #copy: Libsql.Database;

  constructor(file: string) {
    this.#copy = new Libsql(file, { timeout: 0 });
  }

  async rows(query: BuildQuery): Promise<readonly Record<string, unknown>[]> {
    const { sql, parameters } = query(queryBuilder).compile();
    return this.#copy.prepare(sql).all([...parameters]) as Record<string, unknown>[];
  }

  async close(): Promise<void> {
    this.#copy.close();
  }
}

/** Brings a file to the disk: SQLite leaves that to the system for a copy. */
export async function synced(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
