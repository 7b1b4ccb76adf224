import { CompiledQuery, type Kysely } from 'kysely';
import { Database } from '../database.js';
import { plainQuery, type QueryLike } from '../plain-query.js';
import type { Migration } from '../schema/migration.js';
import { Migrations } from '../schema/migrator.js';
import { store as schemaStore } from '../schema/schema.store.js';
import { StorageError } from '../storage-error.js';
import type { Store, StoreDefinition, StoreOperations } from '../store.js';
import { PostgresPool } from './postgres-pool.js';
import type { PostgresSettings } from './postgres.settings.js';
import { queryBuilder } from './query-builder.js';
import { checkServer } from './server-checks.js';
import { MIGRATE, READ, type TransactionKind, Transactions, WRITE } from './transactions.js';

/** The advisory lock under which nodes that start together migrate one after the other: 'prly'. */
const MIGRATION_LOCK = 0x70_72_6c_79;

type SchemaDb = Parameters<typeof schemaStore.writes.prepare>[0];

type Rows = readonly Record<string, unknown>[];

type State = 'new' | 'ready' | 'closed';

/** PostgreSQL, shared by any number of nodes. */
export class PostgresDatabase extends Database {
  readonly dialect = 'postgres';
  readonly #migrations = new Migrations();
  readonly #urls = new Map<string, string>();
  readonly #pool: PostgresPool;
  readonly #transactions: Transactions;
  readonly #running = new Set<Promise<unknown>>();
  #state: State = 'new';
  #mayHaveLostCommits = false;

  constructor(private readonly settings: PostgresSettings) {
    super();
    this.#pool = new PostgresPool(settings);
    this.#transactions = new Transactions(this.#pool);
  }

  get mayHaveLostCommits(): boolean {
    this.#requireReady();
    return this.#mayHaveLostCommits;
  }

  addMigrations(migrations: readonly Migration[]): void {
    this.#migrations.add(migrations);
  }

  open<Reads extends StoreOperations, Writes extends StoreOperations>(
    definition: StoreDefinition<Reads, Writes>,
  ): Store<StoreDefinition<Reads, Writes>> {
    const url = this.#urls.get(definition.name);
    if (url !== undefined && url !== definition.url) {
      throw new Error(`two stores are named "${definition.name}": ${url} and ${definition.url}`);
    }
    this.#urls.set(definition.name, definition.url);
    const store = { ...this.#calls(READ, definition.reads), ...this.#calls(WRITE, definition.writes) };
    return Object.freeze(store) as Store<StoreDefinition<Reads, Writes>>;
  }

  builder<Tables>(): Kysely<Tables> {
    return queryBuilder as Kysely<Tables>;
  }

  async read(queries: readonly QueryLike[]): Promise<readonly Rows[]> {
    return this.#rows(READ, queries);
  }

  async write(queries: readonly QueryLike[]): Promise<readonly Rows[]> {
    return this.#rows(WRITE, queries);
  }

  async ping(): Promise<void> {
    this.#requireReady();
    await this.#track(this.#transactions.run(WRITE, schemaStore.writes.ping, undefined));
  }

  async start(): Promise<void> {
    try {
      await this.#check();
      await this.#migrate();
      this.#state = 'ready';
    } catch (error) {
      this.#state = 'closed';
      await this.#pool.end();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#state !== 'ready') return;
    this.#state = 'closed';
    await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  async #rows(kind: TransactionKind, queries: readonly QueryLike[]): Promise<readonly Rows[]> {
    this.#requireReady();
    const plain = queries.map(plainQuery);
    const running = this.#transactions.run(kind, schemaStore.reads.rows, plain);
    return (await this.#track(running)) as readonly Rows[];
  }

  async #check(): Promise<void> {
    const connection = await this.#pool.connect();
    try {
      await checkServer(connection, this.settings.durability);
    } finally {
      this.#pool.release(connection, true);
    }
  }

  /** In one transaction, under a lock: a node that starts meanwhile waits, and finds the schema made. */
  async #migrate(): Promise<void> {
    await this.#transactions.run(
      MIGRATE,
      async (db: SchemaDb) => {
        await db.executeQuery(CompiledQuery.raw('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]));
        const { applied, openMark } = await schemaStore.writes.prepare(db);
        this.#mayHaveLostCommits = openMark !== undefined;
        const steps = this.#migrations.pending(applied, queryBuilder, this.dialect);
        for (const step of steps) await schemaStore.writes.applyMigration(db, step);
      },
      undefined,
    );
  }

  #calls(kind: TransactionKind, operations: StoreOperations): object {
    return Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => {
        const call = async (input?: unknown): Promise<unknown> => {
          this.#requireReady();
          return this.#track(this.#transactions.run(kind, operation, structuredClone(input)));
        };
        return [name, call];
      }),
    );
  }

  /** Operations cross no thread here, so a write must not hold what its caller may change; and a stop waits for them. */
  async #track<Result>(running: Promise<Result>): Promise<Result> {
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  #requireReady(): void {
    if (this.#state === 'closed') throw new StorageError('not-stored', 'the database is closed');
    if (this.#state === 'new') {
      throw new Error(
        'the database is not open yet: use it in onModuleInit or later, not while modules are built',
      );
    }
  }
}
