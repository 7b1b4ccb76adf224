import type { Kysely } from 'kysely';

export { fitting } from './rows/fitting.js';
export { insertingMany, type Key, keyIn, wanted, withManyKeys } from './rows/many-rows.js';
export { bindSeq, type PlainQuery } from './plain-query.js';
export { readMeta, writeMeta } from './schema/meta.js';
export { withSavepoint } from './savepoint.js';
export { dialectOf } from './dialect-of.js';
export { databaseNow, readDatabaseNow } from './schema/database-clock.js';

/**
 * One whole operation of a store. It gets the database inside a transaction and one input; input and result cross to the
 * database's thread, so both are plain data (what `structuredClone` keeps, no class instances, no functions). It awaits
 * queries only, so that nothing else ever waits for the transaction. What a caller may do wrong is part of the result:
 * an operation that throws is rolled back, and its caller sees the error as a fault of ours.
 */
// eslint-disable-next-line typescript/no-explicit-any -- `any` is the only type that a function of every input type extends
export type StoreOperation = (db: Kysely<any>, input: any) => Promise<unknown>;

export type StoreOperations = Readonly<Record<string, StoreOperation>>;

/** The operations of one `*.store.ts` file. Make one with `defineStore`. */
export interface StoreDefinition<Reads extends StoreOperations, Writes extends StoreOperations> {
  /** Unique in the process: `<feature>/<store>`. */
  readonly name: string;
  /** `import.meta.url` of the defining file: the database's thread imports it from there. */
  readonly url: string;
  /** Each runs in one read snapshot, beside other reads and the writer. */
  readonly reads: Reads;
  /** Each runs alone in one write transaction, committed when it resolves, rolled back when it rejects. */
  readonly writes: Writes;
  /**
   * Writes that do not run like the others on PostgreSQL: alone and within 2.5 s. They are no different on SQLite,
   * which has one writer.
   */
  readonly onPostgres?: { readonly [Name in keyof Writes]?: OwnIsolation };
}

/**
 * `locks`: READ COMMITTED. The operation's first statements lock the rows that it stands on, in an order that all such
 * operations share, and later ones read behind the locks. It is run again when it met another's locks crosswise.
 *
 * `statements`: no transaction around it. Each of its statements is one of its own, and one round trip; an error that does
 * not speak of the statement leaves the outcome unknown, so more than one of them may write only if each is whole.
 *
 * `at length`: as if alone, like those that say nothing, but without their bound on time. For the start of a node.
 */
export type OwnIsolation = 'locks' | 'statements' | 'at length';

/** A store's operations as the rest of the process calls them. */
export type Store<Definition> =
  Definition extends StoreDefinition<infer Reads, infer Writes> ? Calls<Reads> & Calls<Writes> : never;

type Calls<Operations extends StoreOperations> = {
  readonly [Name in keyof Operations]: Operations[Name] extends (
    db: never,
    ...input: infer Input
  ) => infer Result
    ? (...input: Input) => Result
    : never;
};

/**
 * Declares a store. The file exports it under the name `store` and holds all of its SQL. A database thread imports the
 * file, so it must not load Nest: it enters this folder through `store.js`, the front for stores, and imports nothing
 * else but types, kysely and files like itself.
 *
 * Columns are texts, whole numbers up to 2^53, floats, bytes and null. A boolean, `undefined`, a `Date` or a text with
 * U+0000 as a parameter is refused.
 *
 * @example
 * ```ts
 * import type { Kysely } from 'kysely';
 * import { defineStore } from '../../storage/store.js';
 *
 * export const store = defineStore({
 *   name: 'auth/users',
 *   url: import.meta.url,
 *   reads: { findById: (db: Kysely<AuthTables>, id: string) => db.selectFrom('users')… },
 *   writes: { insert: async (db: Kysely<AuthTables>, user: NewUser) => { … } },
 * });
 * ```
 */
export function defineStore<const Reads extends StoreOperations, const Writes extends StoreOperations>(
  definition: StoreDefinition<Reads, Writes>,
): StoreDefinition<Reads, Writes> {
  return definition;
}
