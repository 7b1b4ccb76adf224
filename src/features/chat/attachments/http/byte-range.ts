import type { ByteRange } from '../blobs/blob-store.js';

/** `whole`: answer 200 with everything. `outside`: answer 416. */
export type AskedRange = ByteRange | 'whole' | 'outside';

const ONE_RANGE = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/i;

/**
 * Which bytes a `Range` header asks for (RFC 9110, section 14). A header that is no range of bytes is passed over, and so
 * are several ranges at once: a server may answer both with everything.
 */
export function askedRange(header: string | undefined, bytes: number): AskedRange {
  const [, from, to] = ONE_RANGE.exec(header ?? '') ?? [];
  if (!from) return to ? lastOnes(Number(to), bytes) : 'whole';
  const last = to ? Number(to) : Infinity;
  return last < Number(from) ? 'whole' : within(Number(from), last, bytes);
}

function lastOnes(count: number, bytes: number): AskedRange {
  return count === 0 ? 'outside' : within(Math.max(bytes - count, 0), Infinity, bytes);
}

function within(start: number, last: number, bytes: number): AskedRange {
  const end = Math.min(last, bytes - 1);
  return start <= end ? { start, end } : 'outside';
}
