import type { Compilable, Kysely } from 'kysely';
import type { DialectName } from '../dialect-name.js';
import type { AppliedMigration } from '../schema/schema.store.js';

/** A query on whichever database there is; it has no parameters but literals. */
export type BuildQuery = (builder: Kysely<unknown>) => Compilable;

/** A copy of the whole database as it was at one moment, and the answers that it gives. */
export interface Snapshot {
  readonly dialect: DialectName;
  /** What the query finds in the copy, whatever has been written since. */
  rows(query: BuildQuery): Promise<readonly Record<string, unknown>[]>;
  /** Lets go of the database; the copy stays. */
  close(): Promise<void>;
}

/** The steps of the schema that the copy has. */
export async function stepsOf(snapshot: Snapshot): Promise<readonly AppliedMigration[]> {
  const rows = await snapshot.rows((builder) =>
    (builder as Kysely<{ parley_migrations: AppliedMigration }>)
      .selectFrom('parley_migrations')
      .select(['name', 'checksum', 'is_compatible'])
      .orderBy('name'),
  );
  return rows as unknown as readonly AppliedMigration[];
}
