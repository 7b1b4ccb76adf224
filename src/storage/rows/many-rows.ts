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
 * Makes a function that runs, for any number of keys, the statement that `build` gives for some of them, and gives its
 * rows. Keys of nulls fill up the length.
 */
export function withManyKeys<Tables, Row>(
  build: (db: Kysely<Tables>, keys: readonly Key[]) => Compilable<Row>,
): (db: Kysely<Tables>, keys: readonly Key[]) => Promise<Row[]> {
  const texts = new Map<number, string>();
  return async (db, keys) => {
    const found: Row[] = [];
    for (let start = 0; start < keys.length; start += ROWS_PER_STATEMENT) {
      const some = keys.slice(start, start + ROWS_PER_STATEMENT);
      const length = 2 ** Math.ceil(Math.log2(some.length));
      const text = textOf(texts, length, () => build(db, Array<Key>(length).fill(some[0] ?? [])));
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, filledUp(some, length)));
      for (const row of rows) found.push(row as Row);
    }
    return found;
  };
}

/** `(columns) in (values (…), …)`, which both dialects answer from the index of these columns, by the whole key. */
export function keyIn(columns: readonly string[], keys: readonly Key[]): RawBuilder<boolean> {
  const references = sql.join(columns.map((column) => sql.ref(column)));
  return sql<boolean>`(${references}) in ${wanted(keys)}`;
}

/**
 * `(values (…), …)`, to be joined to: its columns are `column1`, `column2` … in both dialects. A key that comes twice
 * gives its row twice. Every value is cast: PostgreSQL takes an untyped parameter for text, and SQLite searches an index
 * by several columns of such a list only if all of them have types.
 */
export function wanted(keys: readonly Key[]): RawBuilder<unknown> {
  const rows = keys.map((key) => sql`(${sql.join(key.map(parameter))})`);
  return sql`(values ${sql.join(rows)})`;
}

function parameter(value: string | number): RawBuilder<unknown> {
  return typeof value === 'number' ? sql`cast(${value} as bigint)` : sql`cast(${value} as text)`;
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

function filledUp(keys: readonly Key[], length: number): unknown[] {
  const width = keys[0]?.length ?? 0;
  return [...keys.flat(), ...Array<null>((length - keys.length) * width).fill(null)];
}

/** Kysely takes the order of the columns from the order of the properties. */
function inOrder<Row extends object>(row: Row, columns: readonly (keyof Row)[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column]])) as Row;
}
