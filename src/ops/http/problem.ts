import { STATUS_CODES } from 'node:http';
import type { ErrorDetail, ReportedError } from '../../realtime/index.js';

/** The media type of RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';

/** An error over HTTP (RFC 9457). Clients go by `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly ErrorDetail[];
  readonly ref?: string;
}

export function problemOf(reported: ReportedError): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[reported.status] ?? 'Error',
    status: reported.status,
    detail: reported.message,
    code: reported.code,
    ...(reported.details && { errors: reported.details }),
    ...(reported.ref !== undefined && { ref: reported.ref }),
  };
}

/** The headers that belong to an error, the content type included. */
export function problemHeaders(reported: ReportedError): Readonly<Record<string, string>> {
  return {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...(reported.status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(reported.retryAfterMs !== undefined && {
      'retry-after': String(Math.max(1, Math.ceil(reported.retryAfterMs / 1000))),
    }),
  };
}
