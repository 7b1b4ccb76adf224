import type { Compilable, Kysely } from 'kysely';
import type { DialectName } from '../dialect-name.js';

/**
 * One step of the schema, as data: the queries are compiled for the database at hand and run in one transaction.
 * Steps only ever add, so that the version before still runs beside this one, and are never changed once released: the
 * start is refused when a step that has run differs from its code. A step refers to tables of its own feature only.
 */
export interface Migration {
  /** `<feature>/<4 digits>-<what it adds>`; a feature's steps run in the order of their names. */
  readonly name: string;
  /**
   * Whether a build that does not know this step may start on a schema that has it. Default false: the older build
   * refuses to start, so roll out a step that is not compatible only with the old nodes stopped.
   */
  readonly isCompatible?: boolean;
  up(schema: Kysely<unknown>, dialect: DialectName): readonly Compilable[];
}
