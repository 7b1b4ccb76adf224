import { type Compilable, CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';

/*
 * Statements for many rows. To build one costs more than to run it, and each length is a text of its own, which the
 * database must prepare. So lengths are powers of two, and each text is built once.
 */

/** Well under SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
const ROWS_PER_STATEMENT = 1024;

/** The values of one composite key, in the order of its columns. */
export type Key = readonly (string | number)[];

/** Makes a function that inserts any number of rows by the statement that `build` gives for some of them. */
export function insertingMany<Tables, Row extends object>(
  columns: readonly (keyof Row)[],
  build: (db: Kysely<Tables>, rows: readonly Row[]) => Compilable,
): (db: Kysely<Tables>, rows: readonly Row[]) => Promise<void> {
  const texts = new Map<number, string>();
  return async (db, rows) => {
    for (const some of portions(rows)) {
      const text = textOf(texts, some.length, () =>
        build(
          db,
          some.map((row) => inOrder(row, columns)),
        ),
      );
      const parameters = some.flatMap((row) => columns.map((column) => row[column]));
      await db.executeQuery(CompiledQuery.raw(text, parameters));
    }
  };
}

/**
 * Makes a function that runs, for any number of composite keys, the statement that `build` gives for some of them, and
 * gives its rows. The statement must not mind a key that comes twice.
 */
export function withManyKeys<Tables, Row>(
  build: (db: Kysely<Tables>, keys: readonly Key[]) => Compilable<Row>,
): (db: Kysely<Tables>, keys: readonly Key[]) => Promise<Row[]> {
  const texts = new Map<number, string>();
  return async (db, keys) => {
    const found: Row[] = [];
    for (let start = 0; start < keys.length; start += ROWS_PER_STATEMENT) {
      const some = padded(keys.slice(start, start + ROWS_PER_STATEMENT));
      const text = textOf(texts, some.length, () => build(db, some));
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, some.flat()));
      for (const row of rows) found.push(row as Row);
    }
    return found;
  };
}

/**
 * `(columns) in (values (…), …)`: the one way to look up rows by composite keys that both dialects understand and
 * answer from the key's index. Numbers are cast, because PostgreSQL takes an untyped parameter of a values list for
 * text.
 */
export function keyIn(columns: readonly string[], keys: readonly Key[]): RawBuilder<boolean> {
  const references = sql.join(columns.map((column) => sql.ref(column)));
  const rows = keys.map((key) => sql`(${sql.join(key.map(parameter))})`);
  return sql<boolean>`(${references}) in (values ${sql.join(rows)})`;
}

function parameter(value: string | number): RawBuilder<unknown> {
  return typeof value === 'number' ? sql`cast(${value} as bigint)` : sql`${value}`;
}

function textOf(texts: Map<number, string>, length: number, build: () => Compilable<unknown>): string {
  const known = texts.get(length);
  if (known !== undefined) return known;
  const { sql: text } = build().compile();
  texts.set(length, text);
  return text;
}

/** Parts whose lengths are powers of two, the longest first. */
function* portions<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  let start = 0;
  while (start < rows.length) {
    const length = Math.min(ROWS_PER_STATEMENT, 2 ** Math.floor(Math.log2(rows.length - start)));
    yield rows.slice(start, start + length);
    start += length;
  }
}

function padded(keys: readonly Key[]): readonly Key[] {
  const [last] = keys.slice(-1);
  const length = 2 ** Math.ceil(Math.log2(keys.length));
  return last === undefined ? keys : [...keys, ...Array<Key>(length - keys.length).fill(last)];
}

/** Kysely takes the order of the columns from the order of the properties. */
function inOrder<Row extends object>(row: Row, columns: readonly (keyof Row)[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column]])) as Row;
}
