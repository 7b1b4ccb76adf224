import type { Compilable, Kysely } from 'kysely';
import { insertingMany as inserting, type Key, withManyKeys as withKeys } from '../../../storage/store.js';
import type { ChatTables } from './tables.js';

export { fitting, type Key, keyIn, wanted } from '../../../storage/store.js';

type Db = Kysely<ChatTables>;

/** Makes a function that inserts any number of rows by the statement that `build` gives for some of them. */
export const insertingMany = <Row extends object>(
  columns: readonly (keyof Row)[],
  build: (db: Db, rows: readonly Row[]) => Compilable,
): ((db: Db, rows: readonly Row[]) => Promise<void>) => inserting<ChatTables, Row>(columns, build);

/** Makes a function that runs, for any number of composite keys, the statement that `build` gives for some of them. */
export const withManyKeys = <Row>(
  build: (db: Db, keys: readonly Key[]) => Compilable<Row>,
): ((db: Db, keys: readonly Key[]) => Promise<Row[]>) => withKeys<ChatTables, Row>(build);
