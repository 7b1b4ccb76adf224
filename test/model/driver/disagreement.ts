/** JSON as it came. */
export type Json = Record<string, unknown>;

/** The service and the rules differ. */
export class Disagreement extends Error {
  constructor(
    /** Where: a request or a push, and what of it, such as `message.send reply.message.seq`. */
    readonly where: string,
    expected: unknown,
    actual: unknown,
  ) {
    super(`${where}: the rules say ${show(expected)}, the service ${show(actual)}`);
  }
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** Throws a `Disagreement` at the first place in which the two differ. */
export function compare(where: string, expected: unknown, actual: unknown): void {
  if (Object.is(expected, actual)) return;
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual))
    throw new Disagreement(where, expected, actual);
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const name = Array.isArray(expected) ? `${where}[${key}]` : `${where}.${key}`;
    if (Object.hasOwn(expected, key) !== Object.hasOwn(actual, key))
      throw new Disagreement(name, expected[key], actual[key]);
    compare(name, expected[key], actual[key]);
  }
}

export function isEqual(expected: unknown, actual: unknown): boolean {
  try {
    compare('', expected, actual);
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
