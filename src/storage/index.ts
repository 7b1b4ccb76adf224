export { Database, type DialectName } from './database.js';
export type { Migration } from './migration.js';
export { StorageError, type StorageOutcome } from './storage-error.js';
export type { Durability, StorageSettings } from './storage.settings.js';
export {
  defineStore,
  type Store,
  type StoreDefinition,
  type StoreOperation,
  type StoreOperations,
} from './store.js';
