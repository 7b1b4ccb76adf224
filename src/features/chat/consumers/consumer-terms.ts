import type { LogConsumer } from './log-consumer.js';

/** What a consumer asks for, with the defaults in place. */
export interface ConsumerTerms {
  readonly name: string;
  readonly types: '*' | readonly string[];
  readonly from: 'now' | 'start';
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

const NAME = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/;
const MAX_NAME_CHARS = 64;
const TYPE = /^[a-z][a-z0-9]*(?:\.[a-z][a-z0-9-]*)*$/;

/** The terms of all consumers. Throws, with the mend, when one's are wrong or two have one name. */
export function termsOf(consumers: readonly LogConsumer[]): ConsumerTerms[] {
  const owners = new Map<string, string>();
  return consumers.map((consumer) => {
    const terms = termsOfOne(consumer);
    const owner = consumer.constructor.name;
    const other = owners.get(terms.name);
    if (other !== undefined) {
      throw new Error(
        `two consumers of the log are named "${terms.name}" (${other} and ${owner}): rename one, or provide it in one module only`,
      );
    }
    owners.set(terms.name, owner);
    return terms;
  });
}

function termsOfOne(consumer: LogConsumer): ConsumerTerms {
  const owner = consumer.constructor.name;
  requireHandler(consumer, owner);
  const number = (key: 'maxEvents' | 'maxBytes' | 'timeoutMs', fallback: number, most: number): number => {
    const value = consumer[key] ?? fallback;
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    throw new Error(
      `${key} of the log's consumer ${owner} is ${value}: a whole number from 1 to ${most} is meant`,
    );
  };
  return {
    name: requireName(consumer.name, owner),
    types: requireTypes(consumer.types, owner),
    from: requireFrom(consumer.from ?? 'now', owner),
    maxEvents: number('maxEvents', 100, 1000),
    maxBytes: number('maxBytes', 1024 * 1024, 64 * 1024 * 1024),
    timeoutMs: number('timeoutMs', 30_000, 600_000),
  };
}

function requireHandler(consumer: LogConsumer, owner: string): void {
  if (typeof (consumer as { handle?: unknown }).handle === 'function') return;
  throw new Error(`${owner} is marked with @ConsumesLog() and has no handle(batch): give it one`);
}

function requireName(name: unknown, owner: string): string {
  if (typeof name === 'string' && name.length <= MAX_NAME_CHARS && NAME.test(name)) return name;
  throw new Error(
    `the log's consumer ${owner} is named ${JSON.stringify(name)}: give it a name of lower case letters, digits, dots and hyphens, at most ${MAX_NAME_CHARS}`,
  );
}

function requireTypes(types: unknown, owner: string): '*' | readonly string[] {
  if (types === '*') return types;
  if (Array.isArray(types) && types.length > 0 && types.every(isType)) return [...new Set(types)];
  throw new Error(
    `types of the log's consumer ${owner} is ${JSON.stringify(types)}: list types of events such as "message" or "poll.voted", or say '*'`,
  );
}

function isType(type: unknown): type is string {
  return typeof type === 'string' && TYPE.test(type);
}

function requireFrom(from: unknown, owner: string): 'now' | 'start' {
  if (from === 'now' || from === 'start') return from;
  throw new Error(`from of the log's consumer ${owner} is ${JSON.stringify(from)}: say 'now' or 'start'`);
}
