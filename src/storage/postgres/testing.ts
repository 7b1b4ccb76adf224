import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { plainQuery } from '../plain-query.js';
import type { Migration } from '../schema/migration.js';
import { PostgresDatabase } from './database.postgres.js';
import { queryBuilder } from './query-builder.js';

/** A database on a server for tests, not started yet. */
export interface TestPostgres {
  readonly database: PostgresDatabase;
  /** Removes it, with whoever is connected to it. */
  remove(): Promise<void>;
}

/**
 * A new database on the server, with these steps of the schema made already: each list of steps is run once, and
 * copied from then on.
 */
export async function newTestPostgres(
  server: string,
  migrations: readonly Migration[],
): Promise<TestPostgres> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, async (client) => {
    const template = await templateWith(client, server, migrations);
    await client.query(`create database ${name} template ${template}`);
  });
  const database = new PostgresDatabase({ url: urlOf(server, name), durability: 'process' });
  database.addMigrations(migrations);
  const remove = async (): Promise<void> =>
    onServer(server, async (client) => {
      await client.query(`drop database ${name} with (force)`);
    });
  return { database, remove };
}

/** Under a lock, which other workers wait for, so that a template is made once and copied when it is whole. */
async function templateWith(
  client: pg.Client,
  server: string,
  migrations: readonly Migration[],
): Promise<string> {
  const name = `template_${checksumOf(migrations)}`;
  await client.query(`select pg_advisory_lock(hashtext('${name}'))`);
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
  if (rowCount === 0) {
    await client.query(`create database making_${name}`);
    const database = new PostgresDatabase({ url: urlOf(server, `making_${name}`), durability: 'process' });
    database.addMigrations(migrations);
    await database.start();
    await database.stop();
    // The server ends connections a little after their clients.
    await client.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1`, [
      `making_${name}`,
    ]);
    await client.query(`alter database making_${name} rename to ${name}`);
  }
  await client.query(`select pg_advisory_unlock(hashtext('${name}'))`);
  return name;
}

function checksumOf(migrations: readonly Migration[]): string {
  const steps = migrations.map((step) => [step.name, step.up(queryBuilder, 'postgres').map(plainQuery)]);
  return createHash('sha256').update(JSON.stringify(steps)).digest('hex').slice(0, 32);
}

function urlOf(server: string, database: string): string {
  return Object.assign(new URL(server), { pathname: `/${database}` }).href;
}

async function onServer(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
