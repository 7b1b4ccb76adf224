import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';

export interface DelegatedSession {
  readonly id: string;
  readonly userId: string;
  /** The session that asks for it; `null` when a job does. */
  readonly bySessionId: string | null;
  readonly label: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

type Db = Kysely<AuthTables>;

/** `false`: the session that asked has ended, or the user is gone. */
async function open(db: Db, session: DelegatedSession): Promise<boolean> {
  if (!(await lockUser(db, session.userId)) || !(await lives(db, session))) return false;
  await db
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      user_agent: session.label,
      created_at: session.nowMs,
      last_seen_at: session.nowMs,
      expires_at: session.expiresAtMs,
      revoked_at: null,
      generation: 0,
      parent_generation: 0,
      parent_spent_at: null,
      is_answer_used: 0,
    })
    .execute();
  return true;
}

/** An update that changes nothing: a password change, which ends sessions, happens before or after. */
async function lockUser(db: Db, userId: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ deleted_at: null })
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

async function lives(db: Db, { userId, bySessionId }: DelegatedSession): Promise<boolean> {
  if (bySessionId === null) return true;
  const living = db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', bySessionId)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null);
  return (await living.executeTakeFirst()) !== undefined;
}

export const store = defineStore({
  name: 'auth/delegated-sessions',
  url: import.meta.url,
  reads: {},
  writes: { open },
});
