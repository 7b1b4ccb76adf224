import type { Kysely, Selectable } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { USER_COLUMNS, userOf } from '../accounts/user-rows.js';
import type { User } from '../accounts/user.js';
import type { AuthTables, RefreshTokensTable, SessionsTable } from '../auth.tables.js';

export interface Refresh {
  /** Of the token that is presented. */
  readonly digest: string;
  /** Of the token to be given for it. */
  readonly nextDigest: string;
  readonly nextExpiresAtMs: number;
  readonly nowMs: number;
  /** How long a spent token is forgiven whose answer seems lost. */
  readonly graceMs: number;
}

/** `reused`: a token came that only somebody else can hold beside its owner; its session has just been revoked. */
export type RefreshOutcome =
  | {
      readonly kind: 'refreshed';
      readonly user: User;
      readonly sessionId: string;
      readonly generation: number;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'reused'; readonly userId: string; readonly sessionId: string };

type Db = Kysely<AuthTables>;
type Token = Selectable<RefreshTokensTable>;
type Session = Selectable<SessionsTable>;

async function refresh(db: Db, input: Refresh): Promise<RefreshOutcome> {
  const token = await tokenOf(db, input.digest);
  if (!token || token.expires_at <= input.nowMs) return { kind: 'refused' };
  const session = await lockSession(db, token.session_id, input.nowMs);
  if (!session) return { kind: 'refused' };
  const isCurrent = token.generation === session.generation;
  if (!isCurrent && !isForgiven(token, session, input)) return await revoked(db, session, input.nowMs);
  const owner = await ownerOf(db, session.user_id);
  if (owner.deleted_at !== null) return { kind: 'refused' };
  if (owner.suspended_at !== null) return { kind: 'suspended' };
  const generation = session.generation + 1;
  await insertNext(db, { session, generation, input });
  await advance(db, { session, generation, isCurrent, input });
  return { kind: 'refreshed', user: userOf(owner), sessionId: session.id, generation };
}

async function tokenOf(db: Db, digest: string): Promise<Token | undefined> {
  return await db.selectFrom('refresh_tokens').selectAll().where('digest', '=', digest).executeTakeFirst();
}

/** Lock, then look: of two refreshes at once, the second sees what the first has done. */
async function lockSession(db: Db, sessionId: string, nowMs: number): Promise<Session | undefined> {
  return await db
    .updateTable('sessions')
    .set({ last_seen_at: nowMs })
    .where('id', '=', sessionId)
    .where('revoked_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/** A spent token is forgiven while its answer may have been lost on the way. */
function isForgiven(token: Token, session: Session, { nowMs, graceMs }: Refresh): boolean {
  if (session.parent_spent_at === null || token.generation !== session.parent_generation) return false;
  return session.is_answer_used === 0 && Math.abs(nowMs - session.parent_spent_at) < graceMs;
}

async function revoked(db: Db, session: Session, nowMs: number): Promise<RefreshOutcome> {
  await db.updateTable('sessions').set({ revoked_at: nowMs }).where('id', '=', session.id).execute();
  return { kind: 'reused', userId: session.user_id, sessionId: session.id };
}

async function ownerOf(db: Db, userId: string) {
  return await db
    .selectFrom('users')
    .select([...USER_COLUMNS, 'suspended_at'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
}

interface Step {
  readonly session: Session;
  readonly generation: number;
  readonly input: Refresh;
}

async function insertNext(db: Db, { session, generation, input }: Step): Promise<void> {
  await db
    .deleteFrom('refresh_tokens')
    .where('session_id', '=', session.id)
    .where('expires_at', '<=', input.nowMs)
    .execute();
  await db
    .insertInto('refresh_tokens')
    .values({
      digest: input.nextDigest,
      session_id: session.id,
      generation,
      expires_at: input.nextExpiresAtMs,
    })
    .execute();
}

/** After a forgiven token the parent stays, with the moment at which it was first spent. */
async function advance(
  db: Db,
  { session, generation, isCurrent, input }: Step & { isCurrent: boolean },
): Promise<void> {
  const parent = isCurrent
    ? { parent_generation: session.generation, parent_spent_at: input.nowMs, is_answer_used: 0 }
    : {};
  await db
    .updateTable('sessions')
    .set({ generation, expires_at: input.nextExpiresAtMs, ...parent })
    .where('id', '=', session.id)
    .execute();
}

export const store = defineStore({
  name: 'auth/refresh-tokens',
  url: import.meta.url,
  reads: {},
  writes: { refresh },
});
