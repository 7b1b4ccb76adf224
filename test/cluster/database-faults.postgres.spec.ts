import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { notesMigrations, store } from '../../src/storage/contract/notes.store.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import type { Durability } from '../../src/storage/storage.settings.js';
import type { Store } from '../../src/storage/store.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

describeWith(POSTGRES)('a PostgreSQL of our own', () => {
  let server: PostgresServer;
  let url: string;
  const open: PostgresDatabase[] = [];

  beforeAll(async () => (server = await PostgresServer.start()), 60_000);
  afterAll(async () => server.stop());
  beforeEach(async () => (url = await server.createDatabase()));
  afterEach(async () => {
    await Promise.all(open.splice(0).map(async (database) => database.stop()));
    await server.dropDatabase(url);
  });

  async function started(durability: Durability = 'full'): Promise<PostgresDatabase> {
    const database = new PostgresDatabase({ url, durability });
    database.addMigrations(notesMigrations);
    await database.start();
    open.push(database);
    return database;
  }

  async function notes(): Promise<Store<typeof store>> {
    return (await started()).open(store);
  }

  describe('several nodes on one PostgreSQL', () => {
    it('may start at once, and migrate once', async () => {
      const nodes = await Promise.all(Array.from({ length: 4 }, async () => started()));
      await expect(nodes[3]?.open(store).append()).resolves.toBe(1);
    });

    it('run each write as if alone', async () => {
      const nodes = await Promise.all([notes(), notes(), notes()]);
      const ids = await Promise.all(
        Array.from({ length: 30 }, async (_, index) => nodes[index % nodes.length]?.append()),
      );
      expect(ids.toSorted((one, other) => Number(one) - Number(other))).toEqual(
        Array.from({ length: 30 }, (_, index) => index + 1),
      );
    });
  });

  describe('a PostgreSQL that fails', () => {
    it('is answered as not stored while it hangs, and used again when it goes on', async () => {
      const node = await notes();
      await node.append();
      server.process.pause();
      await expect(node.append()).rejects.toMatchObject({ name: 'StorageError', outcome: 'not-stored' });
      server.process.resume();
      await expect(node.append()).resolves.toBe(2);
    });

    it('leaves a commit unknown that it does not answer', async () => {
      const node = await notes();
      // A commit waits for a standby that is not there.
      await server.configure({ synchronous_standby_names: 'nobody' });
      try {
        await expect(node.append()).rejects.toMatchObject({ name: 'StorageError', outcome: 'unknown' });
      } finally {
        await server.configure({ synchronous_standby_names: null });
      }
      await expect(node.append()).resolves.toBe(2);
    });

    it('refuses an operation that goes on after a statement that failed', async () => {
      const node = await notes();
      await expect(node.insertThenSwallow({ id: 1, body: 'lost' })).rejects.toThrow('savepoint');
      await expect(node.count()).resolves.toBe(0);
    });

    it('is found again after a crash, with all that it acknowledged', async () => {
      const node = await notes();
      await Promise.all([node.append(), node.append(), node.append()]);
      await server.process.stop('SIGKILL');
      await expect(node.append()).rejects.toMatchObject({ outcome: 'not-stored' });
      await server.process.start();
      await expect(node.count()).resolves.toBe(3);
    });
  });

  describe('a PostgreSQL that cannot keep the promise', () => {
    it.each(['fsync', 'full_page_writes'])('is refused under full durability with %s off', async (name) => {
      await server.configure({ [name]: 'off' });
      try {
        await expect(started()).rejects.toThrow(`${name} = off`);
        await expect(started('process')).resolves.toBeDefined();
      } finally {
        await server.configure({ [name]: null });
      }
    });

    it('is refused under full durability with synchronous_commit off', async () => {
      await server.execute(`alter database ${new URL(url).pathname.slice(1)} set synchronous_commit = off`);
      await expect(started()).rejects.toThrow('synchronous_commit = off');
    });

    it('is refused with another encoding', async () => {
      await server.execute("create database latin encoding 'LATIN1' template template0");
      const database = new PostgresDatabase({ url: server.url('latin'), durability: 'full' });
      await expect(database.start()).rejects.toThrow("encoding 'UTF8'");
    });

    it('is refused when nobody has answered in time', async () => {
      const url = 'postgres://parley:open-sesame@127.0.0.1:1/none';
      const database = new PostgresDatabase({ url, durability: 'full', startWaitMs: 100 });
      const error: unknown = await database.start().catch((reason: unknown) => reason);
      expect(String(error)).toMatch(/no connection to PostgreSQL: .*ECONNREFUSED.*DATABASE_URL/);
      expect(String(error)).not.toContain('open-sesame');
    });
  });

  describe('texts in PostgreSQL', () => {
    it('are compared by their bytes, as in the embedded store', async () => {
      const database = await started();
      const node = database.open(store);
      await node.insertMany(['b', 'B', 'ä', 'a', '~'].map((body, id) => ({ id, body })));
      const [rows] = await database.read([{ sql: 'select body from notes order by body', parameters: [] }]);
      expect(rows?.map(({ body }) => body)).toEqual(['B', 'a', 'b', '~', 'ä']);
    });
  });
});
