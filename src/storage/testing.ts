import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from './database.js';
import type { Migration } from './schema/migration.js';
import { SqliteDatabase } from './sqlite/database.sqlite.js';
import type { Durability } from './storage.settings.js';

/** A database of one test. */
export interface TestDatabase {
  /** Started and migrated. */
  readonly database: Database;
  readonly dataDir: string;
  /** Stops the database and deletes its folder. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  readonly migrations?: readonly Migration[];
  /** Default: `process`, which spares each commit an fsync. */
  readonly durability?: Durability;
}

/** Opens the real embedded database in a new folder, without Nest; stores come from `database.open(definition)`. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-'));
  const database = new SqliteDatabase({ dataDir, durability: options.durability ?? 'process' });
  const close = async (): Promise<void> => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    database.addMigrations(options.migrations ?? []);
    await database.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { database, dataDir, close };
}
