/** Longest text in a record, in characters: what clients send must not fill the log. */
const LONGEST_TEXT = 256;
const LONGEST_STACK = 4000;
const LARGEST_LIST = 20;
const DEEPEST = 4;

const SECRET_FIELDS =
  /^(.*password|.*token|.*secret|authorization|cookie|set-cookie|ticket|sec-websocket-protocol|text)$/i;
const HIDDEN = '[hidden]';

/** Tokens in the middle of a text: signed ones, what follows a carrier's name, and the userinfo of a URL. */
const SECRETS_IN_TEXT: readonly [RegExp, string][] = [
  [/\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\b(bearer[ .]|(?:ticket|token|access_token|refresh_token|password)=)[^\s&"',;]+/gi, `$1${HIDDEN}`],
  [/(\w:\/\/)[^\s/@]+@/g, `$1${HIDDEN}@`],
];

/** A value as it may stand in the log: cut to a bounded size, and without secrets. */
export function loggable(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return cut(value, LONGEST_TEXT);
    case 'object':
      return loggableObject(value, depth);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return value;
  }
}

/** The text without secrets, and not longer than `length`. */
export function cut(text: string, length: number): string {
  // What lies far beyond the cut is not worth a search.
  const hidden = SECRETS_IN_TEXT.reduce(
    (rest, [secret, replacement]) => rest.replace(secret, replacement),
    text.slice(0, length * 4),
  );
  return hidden.length > length ? `${hidden.slice(0, length)}…` : hidden;
}

function loggableObject(value: object | null, depth: number): unknown {
  if (value === null || value instanceof Date) return value;
  if (value instanceof Error) return loggableError(value, depth);
  if (depth >= DEEPEST) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, LARGEST_LIST).map((entry) => loggable(entry, depth + 1));
  return loggableFields(value, depth);
}

function loggableFields(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value).slice(0, LARGEST_LIST);
  return Object.fromEntries(
    entries.map(([name, field]) => [
      cut(name, LONGEST_TEXT),
      SECRET_FIELDS.test(name) ? HIDDEN : loggable(field, depth + 1),
    ]),
  );
}

function loggableError(error: Error, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: cut(error.message, LONGEST_TEXT),
    stack: cut(error.stack ?? '', LONGEST_STACK),
    ...(error.cause !== undefined && depth < DEEPEST && { cause: loggable(error.cause, depth + 1) }),
  };
}
