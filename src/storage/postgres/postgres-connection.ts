import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import type pg from 'pg';
import { ByteOrder } from './byte-order.js';

/** Statements kept prepared by the server for one connection: about 20 kB each there. */
const MAX_STATEMENTS = 500;

/** A server that says nothing for so long will not answer in time for the caller. */
const STATEMENT_TIMEOUT_MS = 2_500;

/**
 * One connection of the pool, as kysely uses it: parameters are checked as the embedded store checks them, statements are
 * prepared once, and each has what is left of its transaction's time.
 */
export class PostgresConnection {
  readonly db: Kysely<unknown>;
  readonly #names = new Map<string, string>();
  #deadlineMs = Infinity;

  constructor(readonly client: pg.PoolClient) {
    const session: PostgresPoolClient = {
      query: (async (text: string, parameters: readonly unknown[]) =>
        this.query(text, parameters)) as PostgresPoolClient['query'],
      release: () => undefined,
    };
    this.db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool: { connect: async () => session, end: async () => undefined } }),
      plugins: [new ByteOrder()],
    });
  }

  /** Statements after this one fail when `budgetMs` from now are over; `Infinity` takes the bound away. */
  limit(budgetMs: number): void {
    this.#deadlineMs = performance.now() + budgetMs;
  }

  async query(text: string, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<unknown>> {
    for (const value of parameters) check(value);
    const leftMs = this.#leftMs();
    const statement = {
      text,
      values: [...parameters],
      ...(parameters.length > 0 && { name: this.#nameOf(text) }),
      ...(Number.isFinite(leftMs) && { query_timeout: Math.ceil(leftMs) }),
    };
    return (await this.client.query(statement)) as unknown as PostgresQueryResult<unknown>;
  }

  #leftMs(): number {
    if (this.#deadlineMs === Infinity) return Infinity;
    return Math.min(STATEMENT_TIMEOUT_MS, Math.max(1, this.#deadlineMs - performance.now()));
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MAX_STATEMENTS) return known;
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
    this.#names.set(text, name);
    return name;
  }
}

function check(value: unknown): void {
  if (typeof value === 'string' && value.includes('\0')) {
    throw new TypeError('a text with U+0000 cannot be stored');
  }
  if (typeof value === 'boolean') throw new TypeError('a boolean cannot be stored: write 1 or 0');
  if (value === undefined) throw new TypeError('undefined cannot be stored: write null');
  if (value instanceof Date) throw new TypeError('a Date cannot be stored: write its milliseconds');
}
