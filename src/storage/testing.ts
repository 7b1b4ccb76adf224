import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import type { Database } from './database.js';
import { type PlainQuery, plainQuery, type QueryLike } from './plain-query.js';
import { newTestPostgres } from './postgres/testing.js';
import type { Migration } from './schema/migration.js';
import { SqliteDatabase } from './sqlite/database.sqlite.js';
import { SqliteConnection } from './sqlite/sqlite-connection.js';
import type { Durability } from './storage.settings.js';

/** The environment variable with the address of a PostgreSQL server for tests; without it they use the embedded database. */
const SERVER_KEY = 'PARLEY_TEST_POSTGRES';

/** A database of one test. */
export interface TestDatabase {
  /** Started and migrated. */
  readonly database: Database;
  /** The embedded database's folder. */
  readonly dataDir: string;
  /** Stops the database and deletes what is in it. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  readonly migrations?: readonly Migration[];
  /** Default: `process`, which spares each commit an fsync. */
  readonly durability?: Durability;
  /** `embedded`: the test is about that database alone. Default: the one that the tests are run on. */
  readonly store?: 'embedded';
}

/**
 * Opens a real database that is new, without Nest; stores come from `database.open(definition)`. It is the embedded one, or one
 * on a PostgreSQL server when the tests are run on that (`npm run test:postgres`).
 */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-'));
  const { database, remove } = await newDatabase(options, dataDir);
  const close = async (): Promise<void> => {
    await database.stop();
    await Promise.all([remove(), rm(dataDir, { recursive: true, force: true })]);
  };
  try {
    await database.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { database, dataDir, close };
}

async function newDatabase(
  { migrations = [], durability = 'process', store }: TestDatabaseOptions,
  dataDir: string,
): Promise<{ database: Database; remove: () => Promise<void> }> {
  const server = process.env[SERVER_KEY];
  if (server !== undefined && store !== 'embedded') return newTestPostgres(server, migrations);
  const database = new SqliteDatabase({ dataDir, durability });
  database.addMigrations(migrations);
  return { database, remove: async () => undefined };
}

/** How SQLite would perform a query: a line for each step, as in `SEARCH members USING INDEX members_rooms (user_id=?)`. */
export async function explain(
  { database }: Pick<TestDatabase, 'database'>,
  query: QueryLike,
): Promise<string[]> {
  const { sql, parameters } = plainQuery(query);
  const [steps = []] = await database.read([{ sql: `explain query plan ${sql}`, parameters }]);
  return steps.map(({ detail }) => String(detail));
}

/** What a store's operation gave, and the statements that it took. */
export interface Performed<Result> {
  readonly result: Result;
  readonly statements: readonly PlainQuery[];
}

/**
 * Performs an operation of a store, by default a reading one, in this thread, on a connection of its own, so that a test sees its statements:
 * how many they are, and by `explain` what each of them would cost.
 */
export async function perform<Input, Result>(
  { dataDir }: Pick<TestDatabase, 'dataDir'>,
  // eslint-disable-next-line typescript/no-explicit-any -- stores of every schema, as in `StoreOperation`
  operation: (db: Kysely<any>, input: Input) => Promise<Result>,
  input: Input,
  role: 'reader' | 'writer' = 'reader',
): Promise<Performed<Result>> {
  const file = join(dataDir, 'parley.db');
  const connection = new SqliteConnection({ file, role, synchronous: 'NORMAL' });
  const statements: PlainQuery[] = [];
  const db = new Kysely<unknown>({
    dialect: new SqliteDialect({ database: connection }),
    log: ({ query: { sql, parameters } }) => void statements.push({ sql, parameters }),
  });
  try {
    return { result: await operation(db, input), statements };
  } finally {
    connection.close();
  }
}
