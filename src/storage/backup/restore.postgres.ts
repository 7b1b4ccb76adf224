import type { Compilable } from 'kysely';
import type pg from 'pg';
import { queryBuilder } from '../postgres/query-builder.js';
import { runProgram } from './postgres-programs.js';
import type { BuildQuery } from './snapshot.js';
import { connected } from './snapshot.postgres.js';

const PSQL = [
  '--no-psqlrc',
  '--quiet',
  '--no-password',
  '--single-transaction',
  '--set=ON_ERROR_STOP=1',
  '--file=-',
];
const RESTORE = ['--no-owner', '--no-privileges', '--file=-'];

/** Throws, with the mend, unless the database is there and has no table: nodes may be at work on one that has. */
export async function requireEmptyPostgres(url: string): Promise<void> {
  const client = await connected(url);
  try {
    const tables = await tablesOf(client);
    if (tables === 0) return;
    throw new Error(
      `the database of DATABASE_URL is not empty (${tables} tables): ` +
        'stop all nodes, create an empty database (createdb) and set DATABASE_URL to that',
    );
  } finally {
    await client.end();
  }
}

async function tablesOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ tables: string }>(
    "select count(*) as tables from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  return Number(rows[0]?.tables);
}

/**
 * Reads a dump into an empty database and makes the changes, all in one transaction: a node that starts meanwhile finds no
 * table, or all of it as it is to be.
 */
export async function restorePostgres(
  url: string,
  dump: string,
  changes: readonly BuildQuery[],
): Promise<void> {
  const reader = runProgram({ name: 'pg_restore', args: [...RESTORE, dump], url });
  const writer = runProgram({ name: 'psql', args: PSQL, url });
  const written = settled(writer.ended);
  const { stdin } = writer.child;
  if (stdin === null) throw new Error('psql takes no input');
  // Whoever does not read to the end says why when it ends.
  stdin.on('error', () => undefined);
  reader.child.stdout?.pipe(stdin, { end: false });
  const fault = await Promise.race([settled(reader.ended), written]);
  if (fault !== undefined) {
    // Half a dump must not be taken for the whole.
    writer.child.kill('SIGKILL');
    reader.child.kill('SIGKILL');
    await Promise.all([written, settled(reader.ended)]);
    throw fault;
  }
  stdin.end(
    `\nreset search_path;\n${changes.map((change) => `${textOf(change(queryBuilder))};\n`).join('')}`,
  );
  const refusal = await written;
  if (refusal !== undefined) throw refusal;
}

async function settled(ending: Promise<void>): Promise<Error | undefined> {
  return ending.then(
    () => undefined,
    (error: Error) => error,
  );
}

function textOf(query: Compilable): string {
  const { sql, parameters } = query.compile();
  if (parameters.length > 0) throw new TypeError(`a change of a restored database has parameters: ${sql}`);
  return sql;
}
