export { requireKnownSteps } from './backup/restore.js';
export { requireEmptyPostgres, restorePostgres } from './backup/restore.postgres.js';
export { SqliteRestore } from './backup/restore.sqlite.js';
export { type BuildQuery, type Snapshot, stepsOf } from './backup/snapshot.js';
export { POSTGRES_FILE, snapshotPostgres } from './backup/snapshot.postgres.js';
export { snapshotSqlite, SQLITE_FILE } from './backup/snapshot.sqlite.js';
export { Database } from './database.js';
export type { DialectName } from './dialect-name.js';
export { fitting } from './rows/fitting.js';
export { GatheredReads } from './rows/gathered-reads.js';
export { InjectStore, storeToken } from './inject-store.decorator.js';
export { eventSeq, type PlainQuery, plainQuery, type QueryLike } from './plain-query.js';
export { DATABASE_NOW } from './schema/database-clock.js';
export type { Migration } from './schema/migration.js';
export { StorageError, type StorageOutcome } from './storage-error.js';
export { type FeatureStorage, StorageModule } from './storage.module.js';
export type { Durability, StorageSettings } from './storage.settings.js';
// What `*.store.ts` files need is in `store.ts`, which a database thread can load without Nest.
export type { Store, StoreDefinition, StoreOperation, StoreOperations } from './store.js';
