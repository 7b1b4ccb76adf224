import type { Compilable, Kysely } from 'kysely';
import type { AuthTables } from '../auth.tables.js';

/**
 * Ends all sessions of ours, as a query on a database that is set back: it does not know which have been ended since, nor which
 * refresh tokens have been spent. Those of another provider's tokens stand: their life is the provider's to end.
 */
export function endedSessions(builder: Kysely<unknown>, nowMs: number): Compilable {
  return (builder as Kysely<AuthTables>)
    .updateTable('sessions')
    .set((eb) => ({ revoked_at: eb.lit(nowMs) }))
    .where('revoked_at', 'is', null)
    .where('issued_at', 'is', null);
}
