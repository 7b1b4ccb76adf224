import type { BuildQuery } from './snapshot.js';
import type { Migration } from '../schema/migration.js';
import type { AppliedMigration } from '../schema/schema.store.js';
import { Migrations } from '../schema/migrator.js';
import type { DialectName } from '../dialect-name.js';
import { queryBuilder as postgresBuilder } from '../postgres/query-builder.js';
import { queryBuilder as sqliteBuilder } from '../sqlite/query-builder.js';

/** What becomes of a copy before anybody can see it. */
export interface Restoration {
  /** The steps of this build: a copy by a newer one that it cannot run beside is refused. */
  readonly migrations: readonly Migration[];
  /** Made in the copy. Without parameters but literals. */
  readonly changes: readonly BuildQuery[];
}

/** Throws, with the mend, when this build cannot run on a schema with these steps. */
export function requireKnownSteps(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
  dialect: DialectName,
): void {
  const known = new Migrations();
  known.add(migrations);
  known.pending(applied, dialect === 'sqlite' ? sqliteBuilder : postgresBuilder, dialect);
}
