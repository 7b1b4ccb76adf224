import { type Compilable, CompiledQuery } from 'kysely';

/** A compiled query without kysely's tree, so that it can cross to the database's thread. */
export interface PlainQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A query that kysely has built or compiled, or a plain one. */
export type QueryLike = Compilable | PlainQuery;

/** Stands for a number that is known only inside the transaction. An object, because no column can hold one. */
interface EventSeqMark {
  readonly isEventSeq: true;
}

/**
 * The `seq` that an event is going to get, as a value in a query that is handed to a room's log together with the event.
 *
 * @example
 * ```ts
 * database.builder<PollTables>().insertInto('poll_votes').values({ room_id, seq: eventSeq(), choice });
 * ```
 */
export function eventSeq(): number {
  const mark: EventSeqMark = { isEventSeq: true };
  return mark as unknown as number;
}

/** Compiles the query, and checks that its parameters can be stored. */
export function plainQuery(query: QueryLike): PlainQuery {
  const { sql, parameters } = 'compile' in query ? query.compile() : query;
  const wrong = parameters.findIndex((value) => !isStorable(value));
  if (wrong !== -1) {
    throw new TypeError(
      `parameter ${wrong + 1} is ${typeof parameters[wrong]}, which no column holds: ${sql}`,
    );
  }
  return { sql, parameters };
}

/** The query for `db.executeQuery`, with each `eventSeq()` replaced by `seq`. */
export function bindSeq(query: PlainQuery, seq: number): CompiledQuery<Record<string, unknown>> {
  const parameters = query.parameters.map((value) => (isEventSeq(value) ? seq : value));
  return CompiledQuery.raw(query.sql, parameters) as CompiledQuery<Record<string, unknown>>;
}

function isStorable(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return true;
  }
  return value instanceof Uint8Array || isEventSeq(value);
}

function isEventSeq(value: unknown): value is EventSeqMark {
  return typeof value === 'object' && value !== null && 'isEventSeq' in value;
}
