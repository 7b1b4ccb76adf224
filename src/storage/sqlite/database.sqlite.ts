import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { Database } from '../database.js';
import type { Migration } from '../schema/migration.js';
import { Migrations } from '../schema/migrator.js';
import { plainQuery, type QueryLike } from '../plain-query.js';
import { store as schemaStore } from '../schema/schema.store.js';
import { StorageError } from '../storage-error.js';
import type { SqliteSettings } from './sqlite.settings.js';
import type { Store, StoreDefinition, StoreOperations } from '../store.js';
import { compiledUrl } from './compiled-url.js';
import { createPrivateFile, DirectoryLock } from './directory-lock.js';
import { queryBuilder } from './query-builder.js';
import { ThreadLane } from './thread-lane.js';
import type { OperationCall } from './thread-messages.js';

const DATABASE_FILE = 'parley.db';
const READER_THREADS = 2;
const MAX_WAITING_CALLS = 10_000;

type State = 'new' | 'ready' | 'closed';

/**
 * The embedded database: one SQLite file, one thread that writes, and threads that read beside it. A call is one message
 * to a thread and one back, and never blocks the event loop.
 */
export class SqliteDatabase extends Database {
  readonly dialect = 'sqlite';
  readonly clusterId = null;
  readonly hasCompany = false;
  readonly #migrations = new Migrations();
  readonly #urls = new Map<string, string>();
  readonly #file: string;
  readonly #writer: ThreadLane;
  readonly #readers: ThreadLane;
  readonly #schema: Store<typeof schemaStore>;
  #lock: DirectoryLock | undefined;
  #state: State = 'new';
  #life = '';

  constructor(private readonly settings: SqliteSettings) {
    super();
    this.#file = join(settings.dataDir, DATABASE_FILE);
    const thread = {
      file: this.#file,
      synchronous: settings.durability === 'full' ? 'FULL' : 'NORMAL',
    } as const;
    const maxWaiting = MAX_WAITING_CALLS;
    this.#writer = new ThreadLane({
      thread: { ...thread, role: 'writer' },
      size: 1,
      depth: Infinity,
      maxWaiting,
    });
    this.#readers = new ThreadLane({
      thread: { ...thread, role: 'reader' },
      size: READER_THREADS,
      depth: 1,
      maxWaiting,
    });
    this.#schema = this.#bind(schemaStore);
  }

  get life(): string {
    this.#requireReady();
    return this.#life;
  }

  /** Its life ends with the process, whose clients come back to another one. */
  onNewLife(): void {}

  /** Its folder is locked. */
  onOusted(): void {}

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
    return this.#bind(definition, () => this.#requireReady());
  }

  builder<Tables>(): Kysely<Tables> {
    return queryBuilder as Kysely<Tables>;
  }

  async read(queries: readonly QueryLike[]): Promise<readonly (readonly Record<string, unknown>[])[]> {
    this.#requireReady();
    return this.#schema.rows(queries.map(plainQuery));
  }

  async write(queries: readonly QueryLike[]): Promise<readonly (readonly Record<string, unknown>[])[]> {
    this.#requireReady();
    return this.#schema.change(queries.map(plainQuery));
  }

  async ping(): Promise<void> {
    this.#requireReady();
    await this.#schema.ping();
  }

  async start(): Promise<void> {
    await mkdir(this.settings.dataDir, { recursive: true, mode: 0o700 });
    this.#lock = new DirectoryLock(this.settings.dataDir);
    try {
      createPrivateFile(this.#file);
      await this.#prepare();
      this.#state = 'ready';
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#state !== 'ready') return;
    this.#state = 'closed';
    try {
      await this.#readers.close();
      await this.#schema.markClosed();
      await this.#writer.run({ kind: 'checkpoint' });
    } finally {
      await this.#release();
    }
  }

  async #prepare(): Promise<void> {
    const { applied, openMark } = await this.#schema.prepare();
    for (const step of this.#migrations.pending(applied, queryBuilder, this.dialect)) {
      await this.#schema.applyMigration(step);
    }
    this.#life = await this.#schema.openLife({ life: randomUUID(), isSetBack: openMark !== undefined });
    if (this.settings.durability === 'process') {
      await this.#schema.markOpen();
      // Only a checkpoint brings the mark to the disk under this durability.
      await this.#writer.run({ kind: 'checkpoint' });
    }
  }

  async #release(): Promise<void> {
    this.#state = 'closed';
    await Promise.all([this.#readers.close(), this.#writer.close()]);
    this.#lock?.release();
    this.#lock = undefined;
  }

  #requireReady(): void {
    if (this.#state === 'closed') throw new StorageError('not-stored', 'the database is closed');
    if (this.#state === 'new') {
      throw new Error(
        'the database is not open yet: use it in onModuleInit or later, not while modules are built',
      );
    }
  }

  #bind<Reads extends StoreOperations, Writes extends StoreOperations>(
    definition: StoreDefinition<Reads, Writes>,
    check?: () => void,
  ): Store<StoreDefinition<Reads, Writes>> {
    const calls = (lane: ThreadLane, operations: StoreOperations): object =>
      Object.fromEntries(
        Object.keys(operations).map((operation) => {
          const call = async (input?: unknown): Promise<unknown> => {
            check?.();
            return lane.run(operationCall(definition, operation, input));
          };
          return [operation, call];
        }),
      );
    const store = { ...calls(this.#readers, definition.reads), ...calls(this.#writer, definition.writes) };
    return Object.freeze(store) as Store<StoreDefinition<Reads, Writes>>;
  }
}

function operationCall(
  { name, url }: StoreDefinition<StoreOperations, StoreOperations>,
  operation: string,
  input: unknown,
): OperationCall {
  return { kind: 'operation', url: compiledUrl(url), store: name, operation, input };
}
