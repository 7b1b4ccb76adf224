import { setTimeout as delay } from 'node:timers/promises';
import type { StorageOutcome } from '../storage-error.js';
import type { StoreOperation } from '../store.js';
import type { PostgresConnection } from './postgres-connection.js';
import { failureOf, isAnswer, isConflict, isTaken, leavesConnectionUsable } from './postgres-failure.js';
import type { PostgresPool } from './postgres-pool.js';

/** How one kind of operation runs. */
export interface TransactionKind {
  /** Null: no transaction around the operation. */
  readonly begin: string | null;
  readonly isWrite: boolean;
  /** Time of the whole transaction, its repetitions included; the caller hears of the end within it. */
  readonly budgetMs: number;
}

/** One snapshot, and no write. */
export const READ: TransactionKind = {
  begin: 'begin isolation level repeatable read, read only',
  isWrite: false,
  budgetMs: 10_000,
};

/** As if it were alone: the server refuses what could not have happened one after the other, and we run it again. */
export const WRITE: TransactionKind = {
  begin: 'begin isolation level serializable, read write',
  isWrite: true,
  budgetMs: 2_500,
};

/** Stands on rows that it locks: statements that wait for a lock read what was committed before they got it. */
export const LOCK: TransactionKind = { ...WRITE, begin: 'begin isolation level read committed, read write' };

/** Each statement is a transaction of its own. */
export const STATEMENTS: TransactionKind = { ...WRITE, begin: null };

/** For what grows with the data. */
export const LONG: TransactionKind = { ...WRITE, budgetMs: Infinity };

/** For the schema: locks of its own, no bound on time. */
export const MIGRATE: TransactionKind = {
  begin: 'begin isolation level read committed, read write',
  isWrite: true,
  budgetMs: Infinity,
};

const MAX_PAUSE_MS = 30;

/** So often what was found free and is taken is taken for a race; from then on for the operation's mistake. */
const MAX_TAKEN = 5;

/** Runs operations in transactions. */
export class Transactions {
  /** Operations that met others run again one by one, so that one of this node's does not undo another of it. */
  #repeating: Promise<void> = Promise.resolve();

  constructor(private readonly pool: PostgresPool) {}

  /**
   * Rejects with a `StorageError` for what the server could not do: `not-stored` before COMMIT was sent, `unknown` when no
   * answer to it came; and with the operation's own error, rolled back, for a mistake.
   */
  async run(kind: TransactionKind, operation: StoreOperation, input: unknown): Promise<unknown> {
    const endMs = performance.now() + kind.budgetMs;
    let met: unknown;
    try {
      return await this.#once(kind, endMs, operation, input);
    } catch (error) {
      if (!isConflict(error) && !(kind.isWrite && isTaken(error))) throw error;
      met = error;
    }
    return this.#inTurn(async () =>
      this.#repeat(met, async () => this.#once(kind, endMs, operation, input), endMs),
    );
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#repeating.then(work);
    this.#repeating = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** `met`: why the first attempt failed. */
  async #repeat(met: unknown, attempt: () => Promise<unknown>, endMs: number): Promise<unknown> {
    let error = met;
    let taken = 0;
    for (;;) {
      if (isTaken(error)) taken += 1;
      if (!isConflict(error) && !(isTaken(error) && taken <= MAX_TAKEN)) throw error;
      // Looked at first: who has waited in turn beyond the time must not begin, only to be cut off.
      if (performance.now() > endMs) throw failureOf(error, 'not-stored');
      try {
        return await attempt();
      } catch (next) {
        error = next;
        await delay(Math.random() * MAX_PAUSE_MS);
      }
    }
  }

  async #once(
    kind: TransactionKind,
    endMs: number,
    operation: StoreOperation,
    input: unknown,
  ): Promise<unknown> {
    const connection = await this.pool.connect();
    let isUsable = false;
    try {
      connection.limit(endMs - performance.now());
      const result = await perform(connection, kind, operation, input);
      isUsable = true;
      return result;
    } catch (error) {
      isUsable = await rolledBack(connection, error);
      throw isConflict(error) ? error : failureOf(error, outcomeOf(kind, error), kind.isWrite);
    } finally {
      this.pool.release(connection, isUsable);
    }
  }
}

async function perform(
  connection: PostgresConnection,
  kind: TransactionKind,
  operation: StoreOperation,
  input: unknown,
): Promise<unknown> {
  if (kind.begin === null) return operation(connection.db, input);
  await connection.query(kind.begin);
  const result = await operation(connection.db, input);
  await commit(connection);
  return result;
}

/**
 * A statement that is its own transaction was sent together with its commit. Only an answer about the statement says that
 * nothing came of it: a server that ends the connection may have committed before.
 */
function outcomeOf({ begin }: TransactionKind, error: unknown): StorageOutcome {
  return begin !== null || isAnswer(error) || isOwnMistake(error) ? 'not-stored' : 'unknown';
}

async function commit(connection: PostgresConnection): Promise<void> {
  let command: string;
  try {
    ({ command } = await connection.query('commit'));
  } catch (error) {
    // A conflict or a deferred constraint is an answer: nothing was committed. No answer leaves it open.
    throw leavesConnectionUsable(error) ? error : failureOf(error, 'unknown');
  }
  if (command !== 'COMMIT') {
    throw new Error('the operation went on after a statement that failed: use a savepoint around it');
  }
}

async function rolledBack(connection: PostgresConnection, error: unknown): Promise<boolean> {
  if (!isOwnMistake(error) && !leavesConnectionUsable(error)) return false;
  try {
    await connection.query('rollback');
    return true;
  } catch {
    return false;
  }
}

/** An error that the operation threw itself, with the connection in order. */
function isOwnMistake(error: unknown): boolean {
  return failureOf(error, 'not-stored') === error && (error as Error).name !== 'StorageError';
}
