import pg from 'pg';
import { StorageError } from '../storage-error.js';
import { PostgresConnection } from './postgres-connection.js';
import type { PostgresSettings } from './postgres.settings.js';

const MAX_CONNECTIONS = 10;

/** Longest wait for a connection, its start included. */
const CONNECT_TIMEOUT_MS = 2_000;

const IDLE_MS = 60_000;

/** A lock that is not free for so long fails its statement. */
const LOCK_TIMEOUT_MS = 2_000;

/** The server ends a transaction whose client has gone silent, and frees its locks. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;

/** 64-bit and arbitrary-precision numbers, which the driver would give as texts: no column of ours goes beyond 2^53. */
const NUMBER_TYPES: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC];

/** The node's connections to the server. */
export class PostgresPool {
  readonly #pool: pg.Pool;
  readonly #connections = new WeakMap<pg.PoolClient, PostgresConnection>();

  /** Looks at each connection that is new, once there is something to look for. */
  onConnect: (connection: PostgresConnection) => Promise<void> = async () => undefined;

  constructor({ url, durability, maxConnections }: PostgresSettings) {
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: 'parley',
      max: maxConnections ?? MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      types: { getTypeParser: parserOf },
      options: [
        `-c lock_timeout=${LOCK_TIMEOUT_MS}`,
        `-c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
        ...(durability === 'process' ? ['-c synchronous_commit=off'] : []),
      ].join(' '),
    });
    // An idle connection that breaks is replaced at its next use; there is nobody to tell before that.
    this.#pool.on('error', () => undefined);
    // One that breaks between two statements of its user is found broken by the next. Unheard, it would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Rejects with a `StorageError` when no connection can be had in time. */
  async connect(): Promise<PostgresConnection> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw new StorageError('not-stored', messageOf(error), { cause: error });
    }
    const known = this.#connections.get(client);
    if (known !== undefined) return known;
    const connection = new PostgresConnection(client);
    await this.#greet(connection);
    this.#connections.set(client, connection);
    return connection;
  }

  async #greet(connection: PostgresConnection): Promise<void> {
    try {
      connection.limit(CONNECT_TIMEOUT_MS);
      await this.onConnect(connection);
    } catch (error) {
      this.release(connection, false);
      throw new StorageError('not-stored', messageOf(error), { cause: error });
    }
  }

  /** Gives a connection back, or ends it when its state is not known. */
  release(connection: PostgresConnection, isUsable: boolean): void {
    connection.client.release(!isUsable);
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

function parserOf(type: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (NUMBER_TYPES.includes(type)) return Number;
  return pg.types.getTypeParser(type, format as 'text') as (value: string) => unknown;
}

function messageOf(error: unknown): string {
  return `no connection to PostgreSQL: ${reasonOf(error)}`;
}

/** A host with several addresses gives an error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
