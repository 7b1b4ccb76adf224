import { afterAll, beforeAll } from '@jest/globals';
import { PostgresServer } from '../../testing/servers/postgres-server.js';
import { describeDatabase } from '../contract/database.contract.js';
import { PostgresDatabase } from './database.postgres.js';

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
