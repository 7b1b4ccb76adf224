import type { CompiledQuery, Kysely } from 'kysely';
import type { Migration } from './migration.js';
import type { Store, StoreDefinition, StoreOperations } from './store.js';

export type DialectName = 'sqlite' | 'postgres';

/** The service's database. One writer, readers beside it; every call is one trip to the database's thread. */
export abstract class Database {
  abstract readonly dialect: DialectName;

  /** Makes a store's operations callable. Calls before the module's start-up has migrated the schema are refused. */
  abstract open<Reads extends StoreOperations, Writes extends StoreOperations>(
    definition: StoreDefinition<Reads, Writes>,
  ): Store<StoreDefinition<Reads, Writes>>;

  /** Adds to what is migrated at start-up. Called while modules are being built. */
  abstract addMigrations(migrations: readonly Migration[]): void;

  /** A kysely that only builds: `compile()` its queries and hand them to `read`, or to a room's log. */
  abstract builder<Tables>(): Kysely<Tables>;

  /** Runs compiled queries in one read snapshot, for modules without a store of their own: one array of rows each. */
  abstract read(queries: readonly CompiledQuery[]): Promise<readonly (readonly Record<string, unknown>[])[]>;

  /** Rejects with a `StorageError` when the database cannot write just now. */
  abstract ping(): Promise<void>;
}
