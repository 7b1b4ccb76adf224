import type { ZodType } from 'zod';

/** How a value is written and read. */
export interface ValueKind<T> {
  /** Reads the text of a source. Its issues end the sentence "KEY …": "is not a whole number". */
  readonly schema: ZodType<T, string>;
  /** What is allowed, as the end of "allowed is …". */
  readonly allowed: string;
}

/** The declaration of one configuration key. */
export interface Setting<T> extends ValueKind<T> {
  /** The value when no source has one. */
  readonly fallback: T;
  /** The fallback as the documentation shows it; `—` for none. */
  readonly shownDefault: string;
  readonly unit: string;
  readonly meaning: string;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of declared settings. */
export type ValuesOf<Declared extends Settings> = {
  readonly [Key in keyof Declared]: Declared[Key] extends Setting<infer T> ? T : never;
};

interface Declaration<T> {
  readonly fallback: T;
  readonly shownDefault?: string;
  readonly unit?: string;
  readonly meaning: string;
}

/** Declares a key: how its value is read, what it is without one, and what it means. */
export function setting<T, const Fallback extends T | null>(
  kind: ValueKind<T>,
  declaration: Declaration<Fallback>,
): Setting<T | Fallback> {
  return {
    schema: kind.schema as ZodType<T | Fallback, string>,
    allowed: kind.allowed,
    fallback: declaration.fallback,
    shownDefault: declaration.shownDefault ?? shown(declaration.fallback),
    unit: declaration.unit ?? '',
    meaning: declaration.meaning,
  };
}

function shown(fallback: unknown): string {
  return typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : '—';
}
