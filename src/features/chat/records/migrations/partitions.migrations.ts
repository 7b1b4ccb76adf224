import { type Compilable, type CreateTableBuilder, type Kysely, sql } from 'kysely';

/**
 * A log is one room's, so no statement of it needs two parts. Eight: as many as vacuum side by side on a large machine, and
 * few enough that a statement which names its rooms too late to leave parts out (a join) stays within the sixteen locks that
 * a connection takes without the server's shared table.
 */
const PARTS = 8;

/** A table of PostgreSQL whose rows lie in parts by their room. What it is unique by has the room in it. */
export function inParts<Name extends string, Columns extends string>(
  db: Kysely<unknown>,
  name: Name,
  table: CreateTableBuilder<Name, Columns>,
): readonly Compilable[] {
  const parts = Array.from({ length: PARTS }, (_, number) => {
    const part = sql`
      create table ${sql.table(`${name}_${number}`)} partition of ${sql.table(name)}
      for values with (modulus ${sql.lit(PARTS)}, remainder ${sql.lit(number)})`;
    return { compile: () => part.compile(db) };
  });
  return [table.modifyEnd(sql`partition by hash (room_id)`), ...parts];
}
