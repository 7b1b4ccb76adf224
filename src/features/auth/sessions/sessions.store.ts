import { type Kysely, sql } from 'kysely';
import { defineStore, keyIn, wanted, withManyKeys } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';
import { USER_COLUMNS, userOf, type UserRow } from '../accounts/user-rows.js';
import type { User } from '../accounts/user.js';

/** All that a credential's owner is judged by. */
export interface Standing {
  readonly sessionId: string;
  readonly user: User;
  readonly isRevoked: boolean;
  readonly isSuspended: boolean;
  /** The end of the session itself, if it is not refreshed. */
  readonly expiresAtMs: number;
  /** The last refresh, while nothing of its answer has been used; `null` if there was none, or something was. */
  readonly unusedAnswer: { readonly parentGeneration: number; readonly spentAtMs: number } | null;
}

export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly userAgent: string;
  /** The hash that the login was judged by: no session opens on a password that has changed meanwhile. */
  readonly passwordHash: string;
  readonly refreshDigest: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

export interface SessionRef {
  readonly userId: string;
  readonly sessionId: string;
}

export interface Revocation extends SessionRef {
  readonly nowMs: number;
  /** Until when tokens of a foreign session may come that were made before. */
  readonly keepUntilMs: number;
}

export interface TokenUse {
  readonly sessionId: string;
  readonly generation: number;
}

export interface Purge {
  readonly endedBeforeMs: number;
  readonly limit: number;
}

export interface SessionRow {
  readonly id: string;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  readonly userAgent: string;
}

type Db = Kysely<AuthTables>;

interface StandingRow extends UserRow, Pick<AuthTables['sessions'], (typeof STANDING_COLUMNS)[number]> {
  readonly sessionId: string;
  readonly suspended_at: number | null;
}

const STANDING_COLUMNS = [
  'revoked_at',
  'expires_at',
  'parent_generation',
  'parent_spent_at',
  'is_answer_used',
] as const;

const standingsById = withManyKeys<AuthTables, StandingRow>((db, keys) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(USER_COLUMNS)
    .select(['sessions.id as sessionId', 'users.suspended_at'])
    .select(STANDING_COLUMNS.map((column) => `sessions.${column}` as const))
    .where(keyIn(['sessions.id'], keys)),
);

/** Those of the sessions that there are. */
async function standings(db: Db, sessionIds: readonly string[]): Promise<Standing[]> {
  const rows = await standingsById(
    db,
    sessionIds.map((id) => [id]),
  );
  return rows.map(standingOf);
}

function standingOf(row: StandingRow): Standing {
  const isAnswerUnused = row.parent_spent_at !== null && row.is_answer_used === 0;
  return {
    sessionId: row.sessionId,
    user: userOf(row),
    isRevoked: row.revoked_at !== null || row.deleted_at !== null,
    isSuspended: row.suspended_at !== null,
    expiresAtMs: row.expires_at,
    unusedAnswer: isAnswerUnused
      ? { parentGeneration: row.parent_generation, spentAtMs: row.parent_spent_at as number }
      : null,
  };
}

/** The user's sessions that can still be used, newest first. */
async function living(db: Db, of: { userId: string; nowMs: number }): Promise<SessionRow[]> {
  const rows = await db
    .selectFrom('sessions')
    .select(['id', 'created_at', 'last_seen_at', 'user_agent'])
    .where('user_id', '=', of.userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', of.nowMs)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    createdAtMs: row.created_at,
    lastSeenAtMs: row.last_seen_at,
    userAgent: row.user_agent,
  }));
}

/** `false`: the password has changed meanwhile, or the user is gone. */
async function open(db: Db, session: NewSession): Promise<boolean> {
  if (!(await lockAccount(db, session.userId, session.passwordHash))) return false;
  await db
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      user_agent: session.userAgent,
      created_at: session.nowMs,
      last_seen_at: session.nowMs,
      expires_at: session.expiresAtMs,
      revoked_at: null,
      generation: 1,
      parent_generation: 0,
      parent_spent_at: null,
      is_answer_used: 0,
    })
    .execute();
  await db
    .insertInto('refresh_tokens')
    .values({
      digest: session.refreshDigest,
      session_id: session.id,
      generation: 1,
      expires_at: session.expiresAtMs,
    })
    .execute();
  return true;
}

/** An update that changes nothing: it waits for a password change under way, and holds up the next one. */
async function lockAccount(db: Db, userId: string, passwordHash: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ password_hash: passwordHash })
    .where('id', '=', userId)
    .where('password_hash', '=', passwordHash)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** `false`: the user has no such session. Revoking twice is once. */
async function revoke(db: Db, revocation: Revocation): Promise<boolean> {
  const { sessionId, userId, nowMs } = revocation;
  await db
    .updateTable('sessions')
    .set({ revoked_at: nowMs })
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute();
  await rememberForeign(db, revocation);
  const own = db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('user_id', '=', userId);
  return (await own.executeTakeFirst()) !== undefined;
}

/** Our own tokens end with their session; those of a foreign issuer are refused by its row alone. */
async function rememberForeign(db: Db, { sessionId, userId, keepUntilMs }: Revocation): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ expires_at: keepUntilMs })
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .where('issued_at', 'is not', null)
    .where('expires_at', '<', keepUntilMs)
    .execute();
}

/** Remembers that an answer of a refresh has arrived, so that its spent token is not forgiven any more. */
async function markAnswerUsed(db: Db, { sessionId, generation }: TokenUse): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ is_answer_used: 1 })
    .where('id', '=', sessionId)
    .where('parent_generation', '<', generation)
    .execute();
}

/** Moves `last_seen_at` of many sessions forward at once. */
async function touch(db: Db, seen: readonly (readonly [sessionId: string, atMs: number])[]): Promise<void> {
  for (let start = 0; start < seen.length; start += TOUCHED_AT_ONCE) {
    await touchMany(db, seen.slice(start, start + TOUCHED_AT_ONCE));
  }
}

/** The statements of longer lists stay prepared, and take memory. */
const TOUCHED_AT_ONCE = 128;

const touchMany = withManyKeys<AuthTables, unknown>((db, seen) =>
  db
    .updateTable('sessions')
    .from(wanted(seen).as('seen'))
    .set({ last_seen_at: sql.ref<number>('seen.column2') })
    .where('sessions.id', '=', sql.ref<string>('seen.column1'))
    .where('sessions.last_seen_at', '<', sql.ref<number>('seen.column2')),
);

/** Deletes up to `limit` sessions that ended before `endedBeforeMs`, and returns how many there were. */
async function purge(db: Db, { endedBeforeMs, limit }: Purge): Promise<number> {
  const over = await db
    .selectFrom('sessions')
    .select('id')
    .where('expires_at', '<', endedBeforeMs)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  const ids = over.map((session) => session.id);
  if (ids.length === 0) return 0;
  await db.deleteFrom('refresh_tokens').where('session_id', 'in', ids).execute();
  await db.deleteFrom('sessions').where('id', 'in', ids).execute();
  return ids.length;
}

export const store = defineStore({
  name: 'auth/sessions',
  url: import.meta.url,
  reads: { standings, living },
  writes: { open, revoke, markAnswerUsed, touch, purge },
});
