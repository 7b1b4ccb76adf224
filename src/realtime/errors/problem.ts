import { STATUS_CODES } from 'node:http';
import type { ReportedError } from './error-reporter.js';

const MS_PER_SECOND = 1000;
const UNAVAILABLE_RETRY_MS = 1000;

/** An error as it goes over HTTP (RFC 9457). */
export interface Problem {
  /** The JSON document. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes `{type, title, status, detail, code, errors?, ref?}` and the headers that go with the status. */
export function problemOf({ code, status, message, details, retryAfterMs, ref }: ReportedError): Problem {
  const body = JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    ...(details && { errors: details }),
    ...(ref !== undefined && { ref }),
  });
  return {
    body,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...ofStatus(status, retryAfterMs),
    },
  };
}

function ofStatus(status: number, retryAfterMs: number | undefined): Record<string, string> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer' };
  if (status !== 429 && status !== 503) return {};
  return { 'Retry-After': String(Math.ceil((retryAfterMs ?? UNAVAILABLE_RETRY_MS) / MS_PER_SECOND)) };
}
