import pg from 'pg';
import { StorageError, type StorageOutcome } from '../storage-error.js';

/** Classes of SQLSTATE that speak of the server or the machine, not of the statement. */
const SERVER_FAULTS = new Set(['08', '53', '57', '58', 'F0', 'XX']);

/** A lock or a statement that took too long, a transaction that stood idle. */
const TIMEOUTS = new Set(['55P03', '25P03', '25P04']);

/** Two transactions could not both be done as if alone, or waited for each other. To be run again. */
const CONFLICTS = new Set(['40001', '40P01']);

/** A standby takes no writes. In a read of ours the same code is a mistake of the caller. */
const READ_ONLY = '25006';

/** What a look before found free was taken by another that has committed since; the server says so instead of a conflict. */
const TAKEN = '23505';

export function isTaken(error: unknown): boolean {
  return codeOf(error) === TAKEN;
}

export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error));
}

/** Whether the connection can be given to another transaction after this error. */
export function leavesConnectionUsable(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return error instanceof TypeError;
  return !SERVER_FAULTS.has(codeOf(error).slice(0, 2)) && codeOf(error) !== '25P03';
}

/** With these the server ends the connection, also one whose statement has committed. */
const ENDINGS = /^(08|25P|57P|58|F0|XX)/;

/** Whether the server has answered that the statement failed: then nothing came of it. */
export function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !ENDINGS.test(codeOf(error));
}

/** What `error` is to the caller of an operation: a fault of the database's with this outcome, or the error itself. */
export function failureOf(error: unknown, outcome: StorageOutcome, isWrite = true): Error {
  if (error instanceof StorageError) return error;
  if (outcome === 'unknown' || isServerFault(error, isWrite)) {
    return new StorageError(outcome, describe(error), { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}

function isServerFault(error: unknown, isWrite: boolean): boolean {
  const code = codeOf(error);
  if (code === '') return isConnectionFault(error);
  return (
    SERVER_FAULTS.has(code.slice(0, 2)) ||
    TIMEOUTS.has(code) ||
    CONFLICTS.has(code) ||
    (isWrite && code === READ_ONLY)
  );
}

/** The driver's own errors have no code of SQL; the system's have one of another form. */
function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error) return true;
  return /^(Connection terminated|Query read timeout|timeout exceeded when|timeout expired|Client has encountered)/.test(
    error.message,
  );
}

function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

function describe(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === '' ? message : `${code}: ${message}`;
}
