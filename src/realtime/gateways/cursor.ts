import { createHash } from 'node:crypto';
import { invalid } from '../errors/realtime-error.js';

/** Where a list goes on: opaque to clients. */
export type CursorParts = readonly (string | number)[];

/** What makes a list the one that it is, beside its name: the fields of the request that must stay the same. */
export type ListFields = readonly (string | number | null | undefined)[];

const SUM_CHARACTERS = 12;

/**
 * The cursors of one list. Each carries a sum over the list's name, its fields and the place, so that a client that mixes
 * cursors up is told instead of being given another part of another list. It is no secret: what a cursor names is checked
 * against the caller's rights as every request is.
 *
 * @example
 * ```ts
 * const CURSORS = new Cursors<[number, string]>('room.members', ['number', 'string']);
 * CURSORS.write([roomId], [joinedSeq, userId]);
 * ```
 */
export class Cursors<Parts extends CursorParts> {
  constructor(
    private readonly list: string,
    private readonly shape: {
      readonly [Index in keyof Parts]: Parts[Index] extends number ? 'number' : 'string';
    },
  ) {}

  /** The cursor of a place in the list that the fields make. */
  write(fields: ListFields, parts: Parts): string {
    return encode([this.sum(fields, parts), ...parts]);
  }

  /** Reads a cursor back, or fails with `VALIDATION_FAILED` when it is none of this list. */
  read(fields: ListFields, cursor: string): Parts {
    const [sum, ...parts] = parse(cursor);
    const fits =
      parts.length === this.shape.length &&
      this.shape.every((type, index) => isPart(parts[index], type)) &&
      sum === this.sum(fields, parts);
    if (!fits) throw invalid('cursor', 'must be a nextCursor of the same request');
    return parts as unknown as Parts;
  }

  private sum(fields: ListFields, parts: readonly unknown[]): string {
    const whole = JSON.stringify([this.list, fields, parts]);
    return createHash('sha256').update(whole).digest('base64url').slice(0, SUM_CHARACTERS);
  }
}

function isPart(value: unknown, type: string): boolean {
  if (type === 'number') return Number.isSafeInteger(value);
  return typeof value === 'string' && !value.includes('\0');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Nothing, unless it is a list, written just as it is written here. */
function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) && encode(value) === cursor ? value : [];
  } catch {
    return [];
  }
}
