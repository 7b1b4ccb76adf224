import { type Compilable, type Kysely, sql } from 'kysely';

/**
 * Takes the log's epoch away, as a query on a database that is set back: the next start makes a new one, and clients that have
 * seen more of the log than it has begin anew instead of taking other events for those that they know.
 */
export function renewedEpoch(builder: Kysely<unknown>): Compilable {
  return (builder as Kysely<{ parley_meta: { key: string } }>)
    .deleteFrom('parley_meta')
    .where('key', '=', sql.lit('storage/life'));
}
