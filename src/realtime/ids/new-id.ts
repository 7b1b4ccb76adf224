import { randomUUID } from 'node:crypto';

const TIME_DIGITS = 12;
/** Where the random bits after the version begin in a UUIDv4, which has its variant at the same place. */
const RANDOM_AT = 15;

/**
 * A new UUIDv7 (RFC 9562 section 5.7): 48 bits of wall time in milliseconds, then 74 random bits, so that ids sort by
 * age and cannot be guessed. The random bits are those of a UUIDv4, for which Node fetches randomness in portions.
 */
export function newId(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(TIME_DIGITS, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(RANDOM_AT)}`;
}
