import { type Kysely, sql } from 'kysely';

/**
 * Runs a part of an operation under a savepoint: when `part` rejects, what it wrote is undone, the rest of the
 * transaction stands, and the error is thrown on. Not for use inside itself.
 */
export async function withSavepoint<Tables, Result>(
  db: Kysely<Tables>,
  part: () => Promise<Result>,
): Promise<Result> {
  await sql`savepoint part`.execute(db);
  try {
    const result = await part();
    await sql`release savepoint part`.execute(db);
    return result;
  } catch (error) {
    await sql`rollback to savepoint part`.execute(db);
    await sql`release savepoint part`.execute(db);
    throw error;
  }
}
