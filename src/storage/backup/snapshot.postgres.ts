import { join } from 'node:path';
import pg from 'pg';
import { queryBuilder } from '../postgres/query-builder.js';
import { runProgram } from './postgres-programs.js';
import type { BuildQuery, Snapshot } from './snapshot.js';

/** The dump's file in a backup: pg_dump's own format, which `pg_restore --list` reads. */
export const POSTGRES_FILE = 'parley.dump';

const CONNECT_TIMEOUT_MS = 10_000;

/** Such a snapshot waits until no transaction under way can make it one that never was. */
const BEGIN = 'begin isolation level serializable, read only, deferrable';

/** Dumps the database into a folder while nodes go on. The dump and what the snapshot answers are of one moment. */
export async function snapshotPostgres(url: string, folder: string): Promise<Snapshot> {
  const client = await connected(url);
  try {
    await client.query('set idle_in_transaction_session_timeout = 0');
    await client.query(BEGIN);
    const { rows } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
    const file = join(folder, POSTGRES_FILE);
    const args = ['--format=custom', `--file=${file}`, `--snapshot=${rows[0]?.id ?? ''}`, '--no-password'];
    await runProgram({ name: 'pg_dump', args, url }).ended;
    return new PostgresSnapshot(client);
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Rejects with the mend when the server cannot be reached. */
export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'parley',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // An error of an idle connection is told to the next query too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`PostgreSQL cannot be reached (${reason}): look at DATABASE_URL and at the server`, {
      cause: error,
    });
  }
}

class PostgresSnapshot implements Snapshot {
  readonly dialect = 'postgres';

  constructor(private readonly client: pg.Client) {}

  async rows(query: BuildQuery): Promise<readonly Record<string, unknown>[]> {
    const { sql, parameters } = query(queryBuilder).compile();
    const { rows } = await this.client.query<Record<string, unknown>>(sql, [...parameters]);
    return rows;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
