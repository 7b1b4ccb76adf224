import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { DialectName } from '../dialect-name.js';
import type { Migration } from './migration.js';
import { plainQuery } from '../plain-query.js';
import type { AppliedMigration, MigrationStep } from './schema.store.js';

const STEP_NAME = /^[a-z][a-z0-9-]*\/\d{4}-[a-z0-9-]+$/;

/** The steps that all features of this build bring. */
export class Migrations {
  readonly #byName = new Map<string, Migration>();

  /** Throws on a name that is malformed or taken. */
  add(migrations: readonly Migration[]): void {
    for (const migration of migrations) {
      if (!STEP_NAME.test(migration.name)) {
        throw new Error(
          `migration "${migration.name}": name it <feature>/<4 digits>-<what it adds>, in lower case`,
        );
      }
      if (this.#byName.has(migration.name)) throw new Error(`two migrations are named "${migration.name}"`);
      this.#byName.set(migration.name, migration);
    }
  }

  /** The steps still to run: features in the order in which they were added, each one's steps by name. */
  pending(
    applied: readonly AppliedMigration[],
    schema: Kysely<unknown>,
    dialect: DialectName,
  ): readonly MigrationStep[] {
    this.#refuseNewer(applied);
    const checksums = new Map(applied.map((row) => [row.name, row.checksum]));
    return this.#inOrder()
      .map((migration) => compile(migration, schema, dialect))
      .filter(({ row }) => {
        const known = checksums.get(row.name);
        if (known !== undefined && known !== row.checksum) throw new Error(changedStep(row.name));
        return known === undefined;
      });
  }

  /** Steps of features that this build does not have are none of its business: an add-on may have been taken out. */
  #refuseNewer(applied: readonly AppliedMigration[]): void {
    const features = new Set([...this.#byName.keys()].map(featureOf));
    const newer = applied.filter(
      ({ name, is_compatible: isCompatible }) =>
        features.has(featureOf(name)) && !this.#byName.has(name) && isCompatible === 0,
    );
    if (newer.length === 0) return;
    throw new Error(
      `the database was migrated by a newer version (${newer.map(({ name }) => name).join(', ')}), ` +
        'which this one cannot run beside: start that version, or restore the backup from before it',
    );
  }

  #inOrder(): Migration[] {
    const features = [...new Set([...this.#byName.keys()].map(featureOf))];
    const names = [...this.#byName.keys()].toSorted(
      (one, other) =>
        features.indexOf(featureOf(one)) - features.indexOf(featureOf(other)) || (one < other ? -1 : 1),
    );
    return names.flatMap((name) => this.#byName.get(name) ?? []);
  }
}

function compile(migration: Migration, schema: Kysely<unknown>, dialect: DialectName): MigrationStep {
  const queries = migration.up(schema, dialect).map(plainQuery);
  const checksum = createHash('sha256').update(JSON.stringify(queries)).digest('hex');
  return {
    row: { name: migration.name, checksum, is_compatible: migration.isCompatible === true ? 1 : 0 },
    queries,
  };
}

function featureOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}

function changedStep(name: string): string {
  return `migration "${name}" has run in this database with other statements: undo the change, and add a step instead`;
}
