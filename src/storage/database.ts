import type { Kysely } from 'kysely';
import type { DialectName } from './dialect-name.js';
import type { Migration } from './schema/migration.js';
import type { QueryLike } from './plain-query.js';
import type { Store, StoreDefinition, StoreOperations } from './store.js';

/**
 * The service's database. One writer, readers beside it; every call is one trip to the database's thread.
 *
 * A call rejects with a `StorageError` when the database could not do its work, and with a plain error, the transaction
 * rolled back, when the operation threw one. A read that starts after a write has resolved sees it.
 */
export abstract class Database {
  abstract readonly dialect: DialectName;

  /**
   * Names the life of the data, the same on every node: another one when commits that were acknowledged may be missing, because
   * the data was set back (a restore, a lossy failover, an unclean end where commits do not survive one).
   */
  abstract readonly life: string;

  /** Names the data among all others, whatever becomes of it; `null` where no other process can use it. */
  abstract readonly clusterId: string | null;

  /** Whether other nodes ran on the data when this one started. */
  abstract readonly hasCompany: boolean;

  /** Tells that the life has changed while nodes run, before anything is read of the new one. It must not throw. */
  abstract onNewLife(listener: (life: string) => void): void;

  /** Tells that this node must not go on, because nodes run on the data that share nothing else with it. It must not throw. */
  abstract onOusted(listener: (reason: string) => void): void;

  /** Makes a store's operations callable. Calls before the module's start-up has migrated the schema are refused. */
  abstract open<Reads extends StoreOperations, Writes extends StoreOperations>(
    definition: StoreDefinition<Reads, Writes>,
  ): Store<StoreDefinition<Reads, Writes>>;

  /** Adds to what is migrated at start-up. Called while modules are being built. */
  abstract addMigrations(migrations: readonly Migration[]): void;

  /** A kysely that only builds: hand its queries to `read`, to `write`, or to a room's log. */
  abstract builder<Tables>(): Kysely<Tables>;

  /** Runs queries in one read snapshot, for modules without a store of their own: one array of rows each. */
  abstract read(queries: readonly QueryLike[]): Promise<readonly (readonly Record<string, unknown>[])[]>;

  /**
   * Runs queries in one write transaction, all or none, for modules without a store of their own: one array of rows each,
   * those of its `returning`. What is to happen only if something holds is said in the queries. Costs one commit.
   */
  abstract write(queries: readonly QueryLike[]): Promise<readonly (readonly Record<string, unknown>[])[]>;

  /** Rejects with a `StorageError` when the database cannot write just now. Costs one commit. */
  abstract ping(): Promise<void>;

  /** Locks, opens and migrates. Rejects with a message that holds the mend; then nothing is left open. */
  abstract start(): Promise<void>;

  /** Finishes the calls that are running, refuses later ones, and leaves nothing of the log beside the file. */
  abstract stop(): Promise<void>;
}
