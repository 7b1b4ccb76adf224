import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { DialectName } from '../dialect-name.js';
import { dialectOf } from '../dialect-of.js';

/**
 * The database's own time in milliseconds since 1970, as SQL: the one clock that all nodes share. On PostgreSQL it is not that of the
 * transaction's beginning, which may have waited for long since then.
 */
export const DATABASE_NOW: Readonly<Record<DialectName, string>> = {
  postgres: `(extract(epoch from clock_timestamp()) * 1000)::bigint`,
  sqlite: `cast(unixepoch('subsec') * 1000 as integer)`,
};

/** `DATABASE_NOW` as a part of a statement. */
// eslint-disable-next-line typescript/no-explicit-any -- stores of every schema, as in `StoreOperation`
export function databaseNow(db: Kysely<any>): RawBuilder<number> {
  return sql.raw<number>(DATABASE_NOW[dialectOf(db)]);
}

/** Asks the database for its time. */
// eslint-disable-next-line typescript/no-explicit-any -- as above
export async function readDatabaseNow(db: Kysely<any>): Promise<number> {
  const { nowMs } = await db.selectNoFrom(databaseNow(db).as('nowMs')).executeTakeFirstOrThrow();
  return nowMs;
}
