import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { notesMigrations, store } from '../../src/storage/contract/notes.store.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import type { Durability } from '../../src/storage/storage.settings.js';
import { postgresPrograms } from '../support/servers/postgres-programs.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

describeWith(POSTGRES)('the life of data on PostgreSQL', () => {
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

  async function started(durability: Durability, from = url): Promise<PostgresDatabase> {
    const database = new PostgresDatabase({ url: from, durability });
    database.addMigrations(notesMigrations);
    await database.start();
    open.push(database);
    return database;
  }

  it('is the same for all nodes, and from one start to the next', async () => {
    const nodes = await Promise.all([started('process'), started('process'), started('process')]);
    expect(new Set(nodes.map(({ life }) => life)).size).toBe(1);
    const [{ life }] = nodes;
    await Promise.all(open.splice(0).map(async (database) => database.stop()));
    expect((await started('process')).life).toBe(life);
  });

  it('is the same after a restart of the server', async () => {
    const { life } = await started('process');
    await server.process.stop('SIGINT');
    await server.process.start();
    expect((await started('process')).life).toBe(life);
  });

  it.each<[string, Durability, boolean]>([
    ['another one', 'process', false],
    ['the same', 'full', true],
  ])(
    'is %s after a crash of the server under %s durability, on every node',
    async (_, durability, isSame) => {
      const nodes = await Promise.all([started(durability), started(durability)]);
      const first = nodes[0]?.life;
      const heard: string[] = [];
      for (const node of nodes) node.onNewLife((life) => heard.push(life));
      await server.process.stop('SIGKILL');
      await server.process.start();
      for (const node of nodes) {
        // A connection that has ended may be found to have only by its use.
        await node
          .open(store)
          .count()
          .catch(() => undefined);
        await node.open(store).count();
      }
      const lives = nodes.map(({ life }) => life);
      expect(new Set(lives).size).toBe(1);
      expect(lives[0] === first).toBe(isSame);
      expect(heard).toEqual(isSame ? [] : lives);
      await expect(started(durability)).resolves.toMatchObject({ life: lives[0] });
    },
  );

  it('is another one in a dump that was restored, over what was there too', async () => {
    const { life } = await started('full');
    await Promise.all(open.splice(0).map(async (database) => database.stop()));
    const dump = join(postgresPrograms() ?? '', 'pg_dump');
    const psql = join(postgresPrograms() ?? '', 'psql');
    const { stdout } = await promisify(execFile)(dump, ['--clean', '--no-owner', url]);
    const restoring = promisify(execFile)(psql, ['--quiet', url]);
    restoring.child.stdin?.end(stdout);
    await restoring;
    expect((await started('full')).life).not.toBe(life);
  });

  it('is known to a role that owns nothing but its database', async () => {
    const name = new URL(url).pathname.slice(1);
    await server.execute(`create role plain_${name} login`);
    await server.execute(`alter database ${name} owner to plain_${name}`);
    await server.execute('revoke execute on function pg_control_system() from public');
    const plain = Object.assign(new URL(url), { username: `plain_${name}` }).href;
    const { life } = await started('process', plain);
    await Promise.all(open.splice(0).map(async (database) => database.stop()));
    expect((await started('process', plain)).life).toBe(life);
  });
});
