import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';
import { itRestoresBackups } from './backup.contract.js';
import { run } from './command.js';

describeWith(POSTGRES)('a backup of PostgreSQL', () => {
  let cwd: string;
  let server: PostgresServer;
  let places = 0;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-postgres-'));
    server = await PostgresServer.start();
  });

  afterAll(async () => {
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  itRestoresBackups({
    dialect: 'postgres',
    freshPlace: async () => ({
      DATABASE_URL: await server.createDatabase(),
      DATA_DIR: join(cwd, `data-${++places}`),
    }),
  });

  it('says what is missing on the machine', async () => {
    const ending = await run({ cwd, env: { DATABASE_URL: server.url(), PATH: cwd } }, 'backup', 'there');
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toMatch(/^pg_dump is not installed: install PostgreSQL's client programs/);
  });

  it('says that the server cannot be reached', async () => {
    const env = { DATABASE_URL: 'postgres://postgres:secret@127.0.0.1:1/postgres' };
    const ending = await run({ cwd, env }, 'backup', 'there');
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toMatch(/^PostgreSQL cannot be reached \(.*\): look at DATABASE_URL/);
    expect(ending.stderr).not.toContain('secret');
  });
});
