import { parentPort, workerData } from 'node:worker_threads';
import { Kysely, SqliteDialect } from 'kysely';
import type { StoreDefinition, StoreOperation, StoreOperations } from '../store.js';
import { SqliteConnection } from './sqlite-connection.js';
import { endingError, failureOf, isRefusedCommit } from './thread-failure.js';
import type {
  OperationCall,
  ThreadAnswer,
  ThreadCall,
  ThreadRequest,
  ThreadSettings,
} from './thread-messages.js';

/**
 * The code of a database thread: one connection, and one call after the other in the order of their arrival. It must not
 * load Nest, nor may the stores that it imports: that would cost every thread a third of a second and 30 MB.
 */
const settings = workerData as ThreadSettings;
const connection = connect();
const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
const stores = new Map<string, StoreDefinition<StoreOperations, StoreOperations>>();
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');

let previous: Promise<void> = Promise.resolve();
port.on('message', (request: ThreadRequest) => {
  previous = previous.then(async () => answer(request));
});

function connect(): SqliteConnection {
  try {
    return new SqliteConnection(settings);
  } catch (error) {
    throw endingError(error);
  }
}

async function answer({ id, call }: ThreadRequest): Promise<void> {
  const outcome = await perform(id, call);
  post(outcome);
  if (call.kind === 'close') port?.close();
}

function post(outcome: ThreadAnswer): void {
  try {
    port?.postMessage(outcome);
  } catch (error) {
    const mistake = new TypeError('the operation is done, but its result is no plain data', { cause: error });
    port?.postMessage({ id: outcome.id, failure: failureOf(mistake, 'not-stored') });
  }
}

async function perform(id: number, call: ThreadCall): Promise<ThreadAnswer> {
  try {
    if (call.kind === 'operation') return await transact(id, call);
    if (call.kind === 'checkpoint') connection.checkpoint();
    else connection.close();
    return { id, result: undefined };
  } catch (error) {
    return { id, failure: failureOf(error, 'not-stored') };
  }
}

async function transact(id: number, call: OperationCall): Promise<ThreadAnswer> {
  const operation = await find(call);
  settings.begun[0] = id;
  connection.run(settings.role === 'writer' ? 'BEGIN IMMEDIATE' : 'BEGIN');
  try {
    const result = await operation(db, call.input);
    return commit(id, result);
  } catch (error) {
    rollBack();
    return { id, failure: failureOf(error, 'not-stored') };
  }
}

function commit(id: number, result: unknown): ThreadAnswer {
  try {
    connection.run('COMMIT');
    return { id, result };
  } catch (error) {
    rollBack();
    return { id, failure: failureOf(error, isRefusedCommit(error) ? 'not-stored' : 'unknown') };
  }
}

/** SQLite itself rolls back on some faults. If it cannot be done, the error ends the thread, and a new one recovers. */
function rollBack(): void {
  if (!connection.isInTransaction) return;
  try {
    connection.run('ROLLBACK');
  } catch (error) {
    setImmediate(() => {
      throw endingError(error);
    });
  }
}

async function find(call: OperationCall): Promise<StoreOperation> {
  const store = stores.get(call.url) ?? (await load(call.url));
  const operation = (settings.role === 'writer' ? store.writes : store.reads)[call.operation];
  if (store.name !== call.store || operation === undefined) {
    throw new Error(
      `the store "${store.name}" of ${call.url} is not "${call.store}" with "${call.operation}"`,
    );
  }
  return operation;
}

async function load(url: string): Promise<StoreDefinition<StoreOperations, StoreOperations>> {
  const { store } = (await import(url)) as { store?: StoreDefinition<StoreOperations, StoreOperations> };
  if (store === undefined) throw new Error(`${url} must export its store under the name "store"`);
  stores.set(url, store);
  return store;
}
