import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_STATUS } from '../../../src/realtime/index.js';

const features = fileURLToPath(new URL('../../../src/features', import.meta.url));

/** A table whose last column says what a request is refused with. */
const TABLE = /^\|[^\n]*\| refused with \|\n(?:\|[^\n]*\n)*/gm;

/** One row of it. */
const ROW = /^\| `((?:auth|user|room|message|presence)\.[a-z.]+|(?:GET|POST) \/[^`]+)` \|.*?([^|]*) \|$/gm;

/** A page that says so means each of its requests. */
const BLANKET = /Each may also be refused with `VALIDATION_FAILED`/;

/** The codes with which the pages of the features say that a request may be refused. */
export function documentedRefusals(): Map<string, Set<string>> {
  const documented = new Map<string, Set<string>>();
  for (const [request, codes] of pages().flatMap(rowsOf))
    documented.set(request, new Set([...(documented.get(request) ?? []), ...codes]));
  return documented;
}

function rowsOf(page: string): (readonly [request: string, codes: readonly string[]])[] {
  const blanket = BLANKET.test(page) ? ['VALIDATION_FAILED'] : [];
  const rows = [...page.matchAll(TABLE)].flatMap(([table]) => [...table.matchAll(ROW)]);
  return rows.map(([, request = '', cell = '']) => {
    const words = [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, word = '']) => word);
    return [request, [...words.filter((word) => Object.hasOwn(ERROR_STATUS, word)), ...blanket]];
  });
}

function pages(): string[] {
  return readdirSync(features, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('README.md'))
    .map((file) => readFileSync(join(features, file), 'utf8'));
}
