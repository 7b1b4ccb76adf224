const LAST_CODE_POINT = 0x10_ff_ff;
const BEFORE_SURROGATES = 0xd7_ff;
const AFTER_SURROGATES = 0xe0_00;

/**
 * The first text, in the order of bytes in UTF-8, that comes after every text beginning with `prefix`; `null` when
 * there is none. So a prefix is a range of an index, `prefix <= key < end`, and needs no pattern.
 */
export function endOfPrefix(prefix: string): string | null {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (codePoints.at(-1) === LAST_CODE_POINT) codePoints.pop();
  const last = codePoints.pop();
  if (last === undefined) return null;
  const next = last === BEFORE_SURROGATES ? AFTER_SURROGATES : last + 1;
  return String.fromCodePoint(...codePoints, next);
}

/** Which of two texts comes first bytewise in UTF-8, as the database has it; JavaScript's own order is that of UTF-16. */
export function compareBytewise(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
