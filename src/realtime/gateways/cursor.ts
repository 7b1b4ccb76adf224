import { invalid } from '../errors/realtime-error.js';

/** Where a list goes on: opaque to clients. */
export type CursorParts = readonly (string | number)[];

/** Writes a cursor. */
export function encodeCursor(parts: CursorParts): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Reads a cursor back, or fails with `VALIDATION_FAILED` when it is none of this shape. */
export function decodeCursor<Parts extends CursorParts>(
  cursor: string,
  shape: { readonly [Index in keyof Parts]: Parts[Index] extends number ? 'number' : 'string' },
): Parts {
  const parts = parse(cursor);
  const fits =
    Array.isArray(parts) &&
    parts.length === shape.length &&
    shape.every((type, index) => isPart(parts[index], type));
  if (!fits) throw invalid('cursor', 'must be a nextCursor of the same request');
  return parts as unknown as Parts;
}

function isPart(value: unknown, type: string): boolean {
  if (type === 'number') return Number.isSafeInteger(value);
  return typeof value === 'string' && !value.includes('\0');
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
