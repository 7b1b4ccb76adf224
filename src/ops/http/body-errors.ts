import { faultIn, invalid, RealtimeError } from '../../realtime/index.js';

/** What the body parser throws: `http-errors` with a status, and mostly a `type`. */
interface ParserError {
  readonly status?: unknown;
  readonly type?: unknown;
}

/** Express middleware behind the body parser: its errors repeat the body, so they are exchanged for our own. */
export function translateBodyErrors(
  error: unknown,
  _request: unknown,
  _response: unknown,
  next: (error: unknown) => void,
): void {
  next(translated(error));
}

/**
 * Express middleware behind the body parser: what no frame may be, no body may be either. To look at what is nested without
 * end would overflow the stack.
 */
export function refuseHarmfulBodies(
  { body }: { readonly body?: unknown },
  _response: unknown,
  next: (error?: unknown) => void,
): void {
  const fault = typeof body === 'object' && body !== null ? faultIn(body) : undefined;
  next(fault === undefined ? undefined : invalid('', fault));
}

function translated(error: unknown): unknown {
  if (error instanceof URIError) return invalid('', 'the path is not valid');
  const { status, type } = (error ?? {}) as ParserError;
  if (type === 'entity.too.large') return new RealtimeError('TOO_LARGE', 'the body is too large');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return invalid('', 'the body is not JSON in UTF-8');
  }
  return error;
}
