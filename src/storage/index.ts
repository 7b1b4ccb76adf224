export { Database, type DialectName } from './database.js';
export { InjectStore, storeToken } from './inject-store.decorator.js';
export type { Migration } from './migration.js';
export { bindSeq, eventSeq, type PlainQuery, plainQuery, type QueryLike } from './plain-query.js';
export { StorageError, type StorageOutcome } from './storage-error.js';
export { type FeatureStorage, StorageModule } from './storage.module.js';
export type { Durability, StorageSettings } from './storage.settings.js';
export {
  defineStore,
  type Store,
  type StoreDefinition,
  type StoreOperation,
  type StoreOperations,
} from './store.js';
