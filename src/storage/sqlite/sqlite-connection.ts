import Libsql from 'libsql';
import type { SqliteDatabase as KyselyDatabase, SqliteStatement } from 'kysely';
import type { ThreadSettings } from './thread-messages.js';

/** Longest wait for a lock. Only a backup or a shell that opens the file beside us can hold one. */
const BUSY_TIMEOUT_MS = 2_000;

/** A burst may grow the write-ahead log; it shrinks to this with the next checkpoint. */
const MAX_IDLE_LOG_BYTES = 64 * 1024 * 1024;

/** Statements kept prepared. Lists of parameters make a text for each length, so the number must be bounded. */
const MAX_STATEMENTS = 500;

/**
 * One connection to the file, with the quirks of the driver ironed out:
 * - it aborts the whole process on a boolean, cuts a text at U+0000 and stores every number as a float, so parameters
 *   are checked and whole numbers go as integers;
 * - its `all()` gives binary columns as `ArrayBuffer`;
 * - kysely prepares at each execution, so prepared statements are kept.
 */
export class SqliteConnection implements KyselyDatabase {
  readonly #database: Libsql.Database;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(settings: Omit<ThreadSettings, 'begun'>) {
    this.#database = new Libsql(settings.file, { timeout: BUSY_TIMEOUT_MS });
    this.run(settings.role === 'writer' ? writerPragmas(settings.synchronous) : 'PRAGMA query_only = ON');
    this.run('PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY');
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction;
  }

  run(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = new Statement(this.#database.prepare(sql));
    this.#statements.set(sql, statement);
    if (this.#statements.size > MAX_STATEMENTS) this.#forgetOldest();
    return statement;
  }

  checkpoint(): void {
    this.run('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #forgetOldest(): void {
    for (const sql of this.#statements.keys()) {
      this.#statements.delete(sql);
      return;
    }
  }
}

function writerPragmas(synchronous: ThreadSettings['synchronous']): string {
  return `
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${synchronous};
    PRAGMA secure_delete = ON;
    PRAGMA journal_size_limit = ${MAX_IDLE_LOG_BYTES};
  `;
}

class Statement implements SqliteStatement {
  readonly reader: boolean;

  constructor(private readonly statement: Libsql.Statement) {
    this.reader = statement.reader;
  }

  all(parameters: readonly unknown[]): unknown[] {
    const rows = this.statement.all(parameters.map(bound));
    for (const row of rows) withByteArrays(row as Record<string, unknown>);
    return rows;
  }

  run(parameters: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.statement.run(parameters.map(bound));
  }

  *iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    yield* this.all(parameters);
  }
}

function bound(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'string':
      if (value.includes('\0')) throw new TypeError('a text with U+0000 cannot be stored');
      return value;
    case 'boolean':
      throw new TypeError('a boolean cannot be stored: write 1 or 0');
    case 'undefined':
      throw new TypeError('undefined cannot be stored: write null');
    default:
      return value;
  }
}

function withByteArrays(row: Record<string, unknown>): void {
  for (const column in row) {
    const value = row[column];
    if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value);
  }
}
