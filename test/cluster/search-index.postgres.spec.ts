import { afterAll, beforeAll } from '@jest/globals';
import { chatMigrations } from '../../src/features/chat/records/index.js';
import { store as probe } from '../../src/features/chat/search-index/index-probe.store.js';
import { itIsASearchIndex } from '../../src/features/chat/search-index/search-index.contract.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

describeWith(POSTGRES)('a search index in a real PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => (server = await PostgresServer.start()), 60_000);
  afterAll(async () => server.stop());

  itIsASearchIndex('PostgreSQL', async () => {
    const database = new PostgresDatabase({ url: await server.createDatabase(), durability: 'process' });
    database.addMigrations(chatMigrations);
    await database.start();
    const calls = database.open(probe);
    await calls.join([
      ['ann', 'r1'],
      ['ann', 'r2'],
      ['bob', 'r3'],
    ]);
    return { ...calls, close: async () => database.stop(), check: async () => undefined };
  });
});
