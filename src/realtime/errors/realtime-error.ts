import { ERROR_STATUS, type ErrorCode } from './error-code.js';

/** One broken rule of a request: the property's path (dotted, '' for the whole) and what is allowed there. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

export interface RealtimeErrorOptions {
  readonly details?: readonly ErrorDetail[];
  /** Milliseconds after which a retry can succeed. */
  readonly retryAfterMs?: number;
  /** An answer that is given on purpose, as when the service is full: it is not logged, and has no `ref`. */
  readonly isRoutine?: boolean;
  /** What really went wrong: logged with codes that carry a `ref`, never sent. */
  readonly cause?: unknown;
}

/**
 * A client's mistake, or an outcome that a client must act on. Its code and message reach the client as they
 * are, in a failure frame or a problem document: never put a caller's data or an internal detail into the message.
 */
export class RealtimeError extends Error {
  readonly details: readonly ErrorDetail[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly isRoutine: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: RealtimeErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
    this.isRoutine = options.isRoutine ?? false;
  }

  /** The status of this error over HTTP. */
  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** What the caller may not see is answered exactly as if it did not exist. */
export function notFound(what: string): RealtimeError {
  return new RealtimeError('NOT_FOUND', `${what} not found`);
}

export function forbidden(message: string): RealtimeError {
  return new RealtimeError('FORBIDDEN', message);
}

export function invalid(path: string, message: string): RealtimeError {
  return new RealtimeError('VALIDATION_FAILED', 'validation failed', { details: [{ path, message }] });
}
