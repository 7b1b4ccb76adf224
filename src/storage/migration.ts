import type { Compilable, Kysely } from 'kysely';
import type { DialectName } from './database.js';

/**
 * One step of the schema, as data: the queries are compiled for the database at hand and run in one transaction.
 * Steps only ever add, so that the version before still runs beside this one, and are never changed once released.
 */
export interface Migration {
  /** `<feature>/<4 digits>-<what it adds>`; a feature's steps run in the order of their names. */
  readonly name: string;
  up(schema: Kysely<unknown>, dialect: DialectName): readonly Compilable[];
}
