import type { StorageSettings } from '../storage.settings.js';

export type SqliteSettings = Pick<StorageSettings, 'dataDir' | 'durability'>;
