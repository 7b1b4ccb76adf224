import { randomUUID } from 'node:crypto';
import { CompiledQuery, type Kysely } from 'kysely';
import { Database } from '../database.js';
import { plainQuery, type QueryLike } from '../plain-query.js';
import type { Migration } from '../schema/migration.js';
import { Migrations } from '../schema/migrator.js';
import { store as schemaStore } from '../schema/schema.store.js';
import { StorageError } from '../storage-error.js';
import type { OwnIsolation, Store, StoreDefinition, StoreOperations } from '../store.js';
import { NodeLock } from './node/node-lock.js';
import { ServerLife, surviveCrash } from './node/server-life.js';
import { untilAnswering } from './node/until-answering.js';
import { PostgresPool } from './postgres-pool.js';
import type { PostgresSettings } from './postgres.settings.js';
import { queryBuilder } from './query-builder.js';
import { checkServer } from './server-checks.js';
import {
  LOCK,
  LONG,
  MIGRATE,
  READ,
  STATEMENTS,
  type TransactionKind,
  Transactions,
  WRITE,
} from './transactions.js';

/** The advisory lock under which nodes that start together migrate one after the other: 'prly'. */
const MIGRATION_LOCK = 0x70_72_6c_79;

type SchemaDb = Parameters<typeof schemaStore.writes.prepare>[0];

const OWN_KINDS: Readonly<Record<OwnIsolation, TransactionKind>> = {
  locks: LOCK,
  statements: STATEMENTS,
  'at length': LONG,
};

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
  readonly #lifeListeners: ((life: string) => void)[] = [];
  readonly #oustedListeners: ((reason: string) => void)[] = [];
  readonly #serverLife: ServerLife;
  readonly #lock: NodeLock | undefined;
  #clusterId = '';

  constructor(private readonly settings: PostgresSettings) {
    super();
    this.#pool = new PostgresPool(settings);
    this.#transactions = new Transactions(this.#pool);
    this.#serverLife = new ServerLife(settings.durability, (life) => {
      for (const listener of this.#lifeListeners) listener(life);
    });
    this.#lock = this.#newLock(settings);
  }

  get life(): string {
    this.#requireReady();
    return this.#serverLife.life;
  }

  get clusterId(): string {
    this.#requireReady();
    return this.#clusterId;
  }

  get hasCompany(): boolean {
    return this.#lock?.hasCompany ?? false;
  }

  onNewLife(listener: (life: string) => void): void {
    this.#lifeListeners.push(listener);
  }

  onOusted(listener: (reason: string) => void): void {
    this.#oustedListeners.push(listener);
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
    const own: Readonly<Record<string, OwnIsolation | undefined>> = definition.onPostgres ?? {};
    const store = {
      ...this.#calls(() => READ, definition.reads),
      ...this.#calls((name) => kindOf(own[name]), definition.writes),
    };
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
      await untilAnswering(async () => this.#check(), this.settings.startWaitMs ?? 0);
      // Before the schema is touched, which may be that of another build's nodes.
      await this.#lock?.take();
      await this.#migrate();
      await this.#look();
      this.#state = 'ready';
    } catch (error) {
      this.#state = 'closed';
      await Promise.all([this.#lock?.release(), this.#pool.end()]);
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#state !== 'ready') return;
    this.#state = 'closed';
    await Promise.allSettled(this.#running);
    await Promise.all([this.#lock?.release(), this.#pool.end()]);
  }

  #newLock({ url, node }: PostgresSettings): NodeLock | undefined {
    if (node === undefined) return undefined;
    return new NodeLock(url, node, (reason) => {
      for (const listener of this.#oustedListeners) listener(reason);
    });
  }

  /** At the server's life, once there is a schema to keep it in; from here on with each new connection. */
  async #look(): Promise<void> {
    const connection = await this.#pool.connect();
    try {
      await this.#serverLife.check(connection);
    } finally {
      this.#pool.release(connection, false);
    }
    this.#pool.onConnect = async (opened) => this.#serverLife.check(opened);
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
        await surviveCrash(db, this.settings.durability);
        const { applied } = await schemaStore.writes.prepare(db);
        const steps = this.#migrations.pending(applied, queryBuilder, this.dialect);
        for (const step of steps) await schemaStore.writes.applyMigration(db, step);
        this.#clusterId = await schemaStore.writes.openCluster(db, randomUUID());
      },
      undefined,
    );
  }

  #calls(kindOf: (name: string) => TransactionKind, operations: StoreOperations): object {
    return Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => {
        const kind = kindOf(name);
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

function kindOf(own: OwnIsolation | undefined): TransactionKind {
  return own === undefined ? WRITE : OWN_KINDS[own];
}
