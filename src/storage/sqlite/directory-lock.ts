import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';

const LOCK_FILE = 'parley.lock';

/**
 * Keeps a second process, or a second database of this one, out of a folder. The lock is SQLite's own, on an empty
 * database that is held in an exclusive transaction: it ends with the process, however that ends, so it is never stale.
 * The file stays; deleting it would let two owners in. Like SQLite itself, it needs a file system with locks that work.
 */
export class DirectoryLock {
  readonly #database: Libsql.Database;

  /** Throws if somebody else has it. */
  constructor(directory: string) {
    const file = join(directory, LOCK_FILE);
    createPrivateFile(file);
    this.#database = new Libsql(file, { timeout: 0 });
    try {
      this.#database.exec('PRAGMA journal_mode = MEMORY');
      this.#database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      this.#database.close();
      if (!isBusy(error)) throw error;
      throw new Error(
        `the data folder ${directory} is in use by another process: stop that one, or set DATA_DIR to another folder`,
        { cause: error },
      );
    }
  }

  release(): void {
    this.#database.exec('ROLLBACK');
    this.#database.close();
  }
}

/**
 * Creates an empty file that only its owner may read. An existing one is not touched: to open and close it would drop
 * the locks that this process holds on it (POSIX).
 */
export function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
