import { afterAll, beforeAll } from '@jest/globals';
import { describeDatabase } from '../../src/storage/contract/database.contract.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

describeWith(POSTGRES)('a real PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => (server = await PostgresServer.start()), 60_000);
  afterAll(async () => server.stop());

  describeDatabase('PostgresDatabase', async () => {
    const url = await server.createDatabase();
    return {
      create: async () => new PostgresDatabase({ url, durability: 'full' }),
      remove: async () => server.dropDatabase(url),
    };
  });
});
