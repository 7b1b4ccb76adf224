import { type RawBuilder, sql } from 'kysely';

/** Rows of one statement: well under SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
const ROWS_PER_STATEMENT = 1000;

/** Splits rows so that each part fits one statement. */
export function* portions<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    yield rows.slice(start, start + ROWS_PER_STATEMENT);
  }
}

/**
 * `(columns) in (values (…), …)`: the one way to look up rows by composite keys that both dialects understand and
 * answer from the key's index. Numbers are cast, because PostgreSQL takes an untyped parameter of a values list for
 * text.
 */
export function keyIn(
  columns: readonly string[],
  keys: readonly (readonly (string | number)[])[],
): RawBuilder<boolean> {
  const references = sql.join(columns.map((column) => sql.ref(column)));
  const rows = keys.map((key) => sql`(${sql.join(key.map(parameter))})`);
  return sql<boolean>`(${references}) in (values ${sql.join(rows)})`;
}

function parameter(value: string | number): RawBuilder<unknown> {
  return typeof value === 'number' ? sql`cast(${value} as bigint)` : sql`${value}`;
}
