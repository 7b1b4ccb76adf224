import { SystemClock } from '../../../realtime/index.js';
import { openTestDatabase } from '../../../storage/testing.js';
import { AUTH_MIGRATIONS } from '../auth.migrations.js';
import { describeKeyStore } from './key-store.contract.js';
import { DatabaseKeyStore } from './key-store.database.js';
import { store } from './signing-keys.store.js';

describeKeyStore('DatabaseKeyStore', async () => {
  const { database, close } = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
  return {
    open: () => new DatabaseKeyStore(database.open(store), new SystemClock()),
    remove: close,
  };
});
