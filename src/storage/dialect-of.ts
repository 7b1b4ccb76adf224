import { type Kysely, PostgresAdapter } from 'kysely';
import type { DialectName } from './dialect-name.js';

/** The dialect of the database that an operation was given, where one statement does not serve both. */
// eslint-disable-next-line typescript/no-explicit-any -- stores of every schema, as in `StoreOperation`
export function dialectOf(db: Kysely<any>): DialectName {
  return db.getExecutor().adapter instanceof PostgresAdapter ? 'postgres' : 'sqlite';
}
