import { type ChildProcess, spawn } from 'node:child_process';
import pg from 'pg';

/** Parameters of an address that PostgreSQL's own programs know, and the variables that they read them from. */
const PARAMETERS: Readonly<Record<string, string>> = {
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/** Modes of TLS that PostgreSQL's own programs know. */
const TLS_MODES = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']);

/** The variables that lead PostgreSQL's programs to a database; in their arguments everybody on the machine could read a password. */
export function postgresEnvironment(url: string): Readonly<Record<string, string>> {
  const client = new pg.Client({ connectionString: url });
  const parameters = new URL(url).searchParams;
  const named = Object.entries(PARAMETERS).flatMap(([name, variable]) => {
    const value = parameters.get(name);
    return value === null ? [] : [[variable, value] as const];
  });
  const mode = parameters.get('sslmode') ?? (client.ssl ? 'require' : null);
  return {
    PGHOST: client.host,
    PGPORT: String(client.port),
    PGDATABASE: client.database ?? '',
    PGAPPNAME: 'parley',
    ...(client.user !== undefined && { PGUSER: client.user }),
    ...(typeof client.password === 'string' && { PGPASSWORD: client.password }),
    ...(mode !== null && { PGSSLMODE: TLS_MODES.has(mode) ? mode : 'require' }),
    ...Object.fromEntries(named),
  };
}

interface Program {
  readonly name: 'pg_dump' | 'pg_restore' | 'psql';
  readonly args: readonly string[];
  readonly url: string;
}

/** One of PostgreSQL's programs at work. */
export interface RunningProgram {
  readonly child: ChildProcess;
  /** Rejects with what the program said when it is missing or ends with a code other than 0. */
  readonly ended: Promise<void>;
}

/** Starts one of PostgreSQL's programs. It must be of the server's version or later, or it says so. */
export function runProgram({ name, args, url }: Program): RunningProgram {
  const child = spawn(name, args, {
    env: { ...process.env, ...postgresEnvironment(url) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(missing(name, error)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} ended with ${code ?? signal}: ${said.trim()}`));
    });
  });
  return { child, ended };
}

function missing(name: string, error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new Error(
    `${name} is not installed: install PostgreSQL's client programs, of the server's version or later (Debian: postgresql-client)`,
    { cause: error },
  );
}
