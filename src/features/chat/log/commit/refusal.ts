import { RealtimeError } from '../../../../realtime/index.js';
import type { Refused } from '../append/index.js';

/** What one who was refused is told. */
export function refusal({ code, message, path, retryAfterMs }: Refused): RealtimeError {
  if (path === undefined) {
    return new RealtimeError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  return new RealtimeError(code, 'validation failed', { details: [{ path, message }] });
}
