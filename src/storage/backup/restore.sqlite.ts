import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryLock } from '../sqlite/directory-lock.js';
import { SqliteDatabase } from '../sqlite/database.sqlite.js';
import type { Restoration } from './restore.js';
import { SQLITE_FILE, synced } from './snapshot.sqlite.js';

/** Where a copy is made ready: beside its place, on the same disk. */
const STAGE = 'restoring';

interface Terms {
  readonly dataDir: string;
  /** Whether a database that is there already goes. */
  readonly isReplacing: boolean;
}

/** Puts a copy of the embedded database into a data folder, which stays locked from the beginning to the release. */
export class SqliteRestore {
  /** A folder for what is to be moved into place together with the database. */
  readonly stage: string;
  readonly #lock: DirectoryLock;

  /** Throws, with the mend, when a service runs on the folder, or when it has a database that is not to go. */
  static async begin({ dataDir, isReplacing }: Terms): Promise<SqliteRestore> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const restore = new SqliteRestore(dataDir);
    try {
      if (existsSync(join(dataDir, SQLITE_FILE)) && !isReplacing) {
        throw new Error(
          `there is a database in ${dataDir}: set DATA_DIR to an empty folder, or say --replace, which deletes it`,
        );
      }
      await rm(restore.stage, { recursive: true, force: true });
      await mkdir(restore.stage, { mode: 0o700 });
      return restore;
    } catch (error) {
      restore.#lock.release();
      throw error;
    }
  }

  private constructor(private readonly dataDir: string) {
    this.stage = join(dataDir, STAGE);
    this.#lock = new DirectoryLock(dataDir);
  }

  /** Copies the database aside, brings its schema up to date and makes the changes. */
  async take(file: string, { migrations, changes }: Restoration): Promise<void> {
    await copyFile(file, join(this.stage, SQLITE_FILE));
    const database = new SqliteDatabase({ dataDir: this.stage, durability: 'full' });
    database.addMigrations(migrations);
    await database.start();
    try {
      await this.#check(database);
      await database.write(changes.map((change) => change(database.builder())));
    } finally {
      await database.stop();
    }
    await synced(join(this.stage, SQLITE_FILE));
  }

  /** Moves it into place. A log that an older database left beside it would be taken for its own. */
  async finish(): Promise<void> {
    for (const end of ['-wal', '-shm']) await rm(join(this.dataDir, `${SQLITE_FILE}${end}`), { force: true });
    await rename(join(this.stage, SQLITE_FILE), join(this.dataDir, SQLITE_FILE));
  }

  async release(): Promise<void> {
    await rm(this.stage, { recursive: true, force: true });
    this.#lock.release();
  }

  async #check(database: SqliteDatabase): Promise<void> {
    const [rows = []] = await database.read([{ sql: 'pragma quick_check', parameters: [] }]);
    const faults = rows.map((row) => String(row['quick_check'])).filter((line) => !isHarmless(line));
    if (faults.length > 0) throw new Error(`the backup's database is damaged (${faults[0]}): take another`);
  }
}

/** FTS5 takes what its secure deletion leaves for damage while its table says that it is of the older format. */
function isHarmless(line: string): boolean {
  return line === 'ok' || line.startsWith('malformed inverted index for FTS5 table');
}
