import { randomUUID } from 'node:crypto';
import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { ValidationError } from 'class-validator';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { ERROR_STATUS, type ErrorCode } from './error-code.js';
import { type ErrorDetail, RealtimeError } from './realtime-error.js';
import { detailsOf } from './validation-details.js';

/** What a client is told of an error, on whichever transport. */
export interface ReportedError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly details?: readonly ErrorDetail[];
  readonly retryAfterMs?: number;
  /** Found in the log beside the cause. Only with `INTERNAL`, `UNAVAILABLE` and `UNKNOWN`. */
  readonly ref?: string;
  /** Properties of its own that a team's `WsException` carried. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

const CODES_WITH_REF: ReadonlySet<string> = new Set<ErrorCode>(['INTERNAL', 'UNAVAILABLE', 'UNKNOWN']);

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_FAILED',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'TOO_LARGE',
  422: 'VALIDATION_FAILED',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};

/** The one place where an error becomes what a client sees, and where a fault of ours is logged. */
@Injectable()
export class ErrorReporter {
  private readonly logger = new Logger('Fault');

  constructor(@Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings) {}

  /** `where` goes into the log only: the event or route, and the connection's id. */
  report(error: unknown, where: Readonly<Record<string, unknown>>): ReportedError {
    if (error instanceof WsException) return reportWsException(error);
    const known = this.known(error);
    const reported: ReportedError = {
      code: known.code,
      status: statusOver(error, known),
      message: known.message,
      ...(known.details && { details: known.details }),
      ...(known.retryAfterMs !== undefined && { retryAfterMs: known.retryAfterMs }),
    };
    if (known.isRoutine || !CODES_WITH_REF.has(known.code)) return reported;
    const ref = randomUUID();
    this.logger.error({ msg: known.message, ...where, ref, code: known.code, err: known.cause ?? error });
    return { ...reported, ref };
  }

  private known(error: unknown): RealtimeError {
    if (error instanceof RealtimeError) return error;
    if (error instanceof HttpException) return fromHttpException(error);
    return (
      this.settings.translateError(error) ?? new RealtimeError('INTERNAL', 'internal error', { cause: error })
    );
  }
}

/** A thrower's own choice of a client's mistake is kept over HTTP, also where we have no code for it. */
function statusOver(error: unknown, known: RealtimeError): number {
  const chosen = error instanceof HttpException ? error.getStatus() : known.status;
  return isClientsMistake(chosen) ? chosen : known.status;
}

function isClientsMistake(status: number): boolean {
  return status >= 400 && status < 500;
}

function codeOf(status: number): ErrorCode | undefined {
  return CODE_OF_STATUS[status] ?? (isClientsMistake(status) ? 'FORBIDDEN' : undefined);
}

/** Nest's own exceptions are a client's mistake when their status says so; their message is the thrower's choice. */
function fromHttpException(error: HttpException): RealtimeError {
  const code = codeOf(error.getStatus());
  if (code === undefined) return new RealtimeError('INTERNAL', 'internal error', { cause: error });
  const response = error.getResponse();
  const messages = typeof response === 'object' && 'message' in response ? response.message : undefined;
  if (!Array.isArray(messages)) return new RealtimeError(code, error.message);
  const details = messages.map((message) => ({ path: '', message: String(message) }));
  return new RealtimeError(code, error.message, { details });
}

/**
 * A `WsException` carries a text, or an object of the team's own, which may name one of our codes; without one it is
 * `FORBIDDEN`. The errors of Nest's `ValidationPipe` are told as ours are.
 */
function reportWsException(error: WsException): ReportedError {
  const carried = error.getError();
  if (Array.isArray(carried)) return validationFailure(carried);
  if (typeof carried === 'string')
    return { code: 'FORBIDDEN', status: ERROR_STATUS.FORBIDDEN, message: carried };
  const { code, message, ...extra } = carried as Record<string, unknown>;
  const known = typeof code === 'string' ? code : 'FORBIDDEN';
  const told = typeof message === 'string' ? message : error.message;
  return { code: known, status: statusOf(known), message: told, extra };
}

function statusOf(code: string): number {
  return Object.hasOwn(ERROR_STATUS, code) ? ERROR_STATUS[code as ErrorCode] : ERROR_STATUS.FORBIDDEN;
}

/** Tells which rules were broken, and nothing of the values that broke them. */
function validationFailure(errors: readonly unknown[]): ReportedError {
  const details = errors.flatMap((error) =>
    error instanceof ValidationError ? detailsOf(error) : [{ path: '', message: String(error) }],
  );
  return {
    code: 'VALIDATION_FAILED',
    status: ERROR_STATUS.VALIDATION_FAILED,
    message: 'validation failed',
    details,
  };
}
