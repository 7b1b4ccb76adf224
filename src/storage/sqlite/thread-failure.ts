import Libsql from 'libsql';
import { StorageError, type StorageOutcome } from '../storage-error.js';
import type { ThreadFailure } from './thread-messages.js';

/** SQLite's result codes (extended ones begin with them) that speak of the machine, not of the statement. */
const MACHINE_FAULTS = [
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_CANTOPEN',
  'SQLITE_NOMEM',
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
];

/** What `error`, thrown by a transaction with this outcome, is to the caller's thread. */
export function failureOf(error: unknown, outcome: StorageOutcome): ThreadFailure {
  if (error instanceof StorageError) {
    return { kind: 'storage', outcome: error.outcome, message: error.message };
  }
  if (outcome === 'unknown' || isMachineFault(error)) {
    return { kind: 'storage', outcome, message: describe(error) };
  }
  if (!(error instanceof Error)) {
    return { kind: 'mistake', name: 'Error', message: String(error), stack: '' };
  }
  return { kind: 'mistake', name: error.name, message: describe(error), stack: error.stack ?? '' };
}

/** The error that a failure is in the caller's thread. */
export function errorOf(failure: ThreadFailure): Error {
  if (failure.kind === 'storage') return new StorageError(failure.outcome, failure.message);
  const error = new Error(failure.message);
  error.name = failure.name;
  if (failure.stack !== '') error.stack = failure.stack;
  return error;
}

/** The driver's errors lose their message on the way out of a thread that they end; this one keeps it. */
export function endingError(error: unknown): Error {
  return new Error(describe(error), { cause: error });
}

/**
 * Whether a COMMIT that failed so is not in the log: its last frame had no room, or a deferred constraint stood against
 * it. After any other fault (a sync that failed, say) a recovery may still find that frame.
 */
export function isRefusedCommit(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'SQLITE_FULL' || code.startsWith('SQLITE_CONSTRAINT');
}

function isMachineFault(error: unknown): boolean {
  const code = codeOf(error);
  return MACHINE_FAULTS.some((fault) => code === fault || code.startsWith(`${fault}_`));
}

function codeOf(error: unknown): string {
  return error instanceof Libsql.SqliteError ? error.code : '';
}

function describe(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === '' ? message : `${code}: ${message}`;
}
