import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Account, accountFor } from './account.js';
import { freePort } from './free-port.js';
import { postgresPrograms } from './postgres-programs.js';
import { ServerProcess } from './server-process.js';

const USER = 'postgres';

export interface PostgresOptions {
  /** Server settings, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: one that is free. */
  readonly port?: number;
}

/** A PostgreSQL of one's own on a free port, in a folder that goes with it. */
export class PostgresServer {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    /** The running server: to be paused, killed and started again. */
    readonly process: ServerProcess,
  ) {}

  static async start({ settings = {}, ...options }: PostgresOptions = {}): Promise<PostgresServer> {
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('PostgreSQL is not installed (Debian: postgresql)');
    const account = await accountFor(USER);
    const folder = await newFolder(account);
    const parameters = `-D ${folder} -U ${USER} -A trust -E UTF8 --no-locale --no-sync`;
    await run(join(programs, 'initdb'), account, parameters.split(' '));
    const port = options.port ?? (await freePort());
    const all = { port, listen_addresses: '127.0.0.1', unix_socket_directories: folder, ...settings };
    const process = new ServerProcess({
      program: join(programs, 'postgres'),
      arguments: ['-D', folder, ...Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      account,
      isReady: async () => answers(`postgres://${USER}@127.0.0.1:${port}/postgres`),
    });
    await process.start();
    return new PostgresServer(folder, port, process);
  }

  /** The address of a database; by default of the one that every server has. */
  url(database = 'postgres'): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database and gives its address. */
  async createDatabase(): Promise<string> {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await this.execute(`create database ${name}`);
    return this.url(name);
  }

  /** Drops a database that `createDatabase` made, with whoever is connected to it. */
  async dropDatabase(url: string): Promise<void> {
    await this.execute(`drop database ${new URL(url).pathname.slice(1)} with (force)`);
  }

  /** Runs one statement in the server's own database. */
  async execute(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url() });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  /** Changes settings of the running server; `null` takes one back. */
  async configure(settings: Readonly<Record<string, string | null>>): Promise<void> {
    for (const [key, value] of Object.entries(settings)) {
      await this.execute(
        value === null ? `alter system reset ${key}` : `alter system set ${key} = '${value}'`,
      );
    }
    await this.execute('select pg_reload_conf()');
  }

  async stop(): Promise<void> {
    // SIGQUIT: nobody needs what is in it.
    await this.process.stop('SIGQUIT');
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function newFolder(account: Account): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-postgres-'));
  if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
  return folder;
}

async function run(program: string, account: Account, parameters: readonly string[]): Promise<void> {
  const child = spawn(program, parameters, {
    ...account,
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${output}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  // A server that is still starting ends the connection.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
