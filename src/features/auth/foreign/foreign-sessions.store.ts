import type { Kysely, Selectable } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { USER_COLUMNS, userOf } from '../accounts/user-rows.js';
import type { User } from '../accounts/user.js';
import type { AuthTables, ForeignIdentitiesTable, SessionsTable } from '../auth.tables.js';

/** Somebody at another provider, in one of their sessions. */
export interface ForeignRef {
  readonly issuer: string;
  readonly subject: string;
  readonly sessionId: string;
}

/** What is known of one. */
export interface KnownForeigner {
  readonly user: User;
  readonly isSuspended: boolean;
  readonly isRevoked: boolean;
  /** Of the newest token that was seen of this session; `null` if none was. */
  readonly issuedAtMs: number | null;
  /** Tokens up to this moment are of a login that has ended. */
  readonly issuedAfterMs: number;
}

/** A token that is newer than all that were seen of its session. */
export interface Sight extends ForeignRef {
  readonly isResumable: boolean;
  readonly client: string;
  readonly issuedAtMs: number;
  readonly nowMs: number;
  /** Until when the session is remembered, whatever becomes of it. */
  readonly keepUntilMs: number;
  /** For a user who is not known yet. */
  readonly newUserId: string;
  /** Names to be tried in this order; one of them is free. */
  readonly usernames: readonly string[];
  /** What the name's claim says, in the form of a display name; `null` if it says nothing. */
  readonly displayName: string | null;
  readonly foldedName: string;
}

export interface Admission {
  readonly user: User;
  readonly isSuspended: boolean;
  /** The claim of the name has changed, and the display name with it. */
  readonly isRenamed: boolean;
}

type Db = Kysely<AuthTables>;
type Identity = Selectable<ForeignIdentitiesTable>;
type Session = Selectable<SessionsTable>;

async function known(
  db: Db,
  { issuer, subject, sessionId }: ForeignRef,
): Promise<KnownForeigner | undefined> {
  const row = await db
    .selectFrom('foreign_identities as identity')
    .innerJoin('users', 'users.id', 'identity.user_id')
    .leftJoin('sessions', (join) =>
      join.onRef('sessions.user_id', '=', 'users.id').on('sessions.id', '=', sessionId),
    )
    .select(USER_COLUMNS)
    .select(['users.suspended_at', 'sessions.revoked_at', 'sessions.issued_at', 'sessions.issued_after'])
    .where('identity.issuer', '=', issuer)
    .where('identity.subject', '=', subject)
    .executeTakeFirst();
  return (
    row && {
      user: userOf(row),
      isSuspended: row.suspended_at !== null,
      isRevoked: row.revoked_at !== null || row.deleted_at !== null,
      issuedAtMs: row.issued_at,
      issuedAfterMs: row.issued_after ?? 0,
    }
  );
}

/** `undefined`: the session has been revoked, or is somebody else's. */
async function admit(db: Db, sight: Sight): Promise<Admission | undefined> {
  const identity = await lockIdentity(db, sight);
  if (identity.user_id === sight.newUserId) await insertUser(db, sight);
  const session = await lockSession(db, sight, identity.user_id);
  if (session.user_id !== identity.user_id || session.issued_at === null) return undefined;
  if (!(await noteToken(db, session, sight))) return undefined;
  const isRenamed = await followName(db, identity, sight);
  const user = await db
    .selectFrom('users')
    .select([...USER_COLUMNS, 'suspended_at'])
    .where('id', '=', identity.user_id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return user && { user: userOf(user), isSuspended: user.suspended_at !== null, isRenamed };
}

/** Of many first sights at once one makes the user: the others wait for its row, and read it. */
async function lockIdentity(db: Db, sight: Sight): Promise<Identity> {
  await db
    .insertInto('foreign_identities')
    .values({
      issuer: sight.issuer,
      subject: sight.subject,
      user_id: sight.newUserId,
      claimed_name: sight.displayName,
      claimed_at: sight.issuedAtMs,
      created_at: sight.nowMs,
    })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .execute();
  return await db
    .selectFrom('foreign_identities')
    .selectAll()
    .where('issuer', '=', sight.issuer)
    .where('subject', '=', sight.subject)
    .executeTakeFirstOrThrow();
}

async function insertUser(db: Db, sight: Sight): Promise<void> {
  for (const username of sight.usernames) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('users')
      .values({
        id: sight.newUserId,
        username,
        display_name: sight.displayName ?? username,
        folded_name: sight.displayName === null ? username : sight.foldedName,
        password_hash: null,
        created_at: sight.nowMs,
        updated_at: sight.nowMs,
        deleted_at: null,
        suspended_at: null,
      })
      .onConflict((conflict) => conflict.column('username').doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 1n) return;
  }
  throw new Error('none of the usernames for a new user is free');
}

async function lockSession(db: Db, sight: Sight, userId: string): Promise<Session> {
  await db
    .insertInto('sessions')
    .values({
      id: sight.sessionId,
      user_id: userId,
      user_agent: sight.client,
      created_at: sight.nowMs,
      last_seen_at: sight.nowMs,
      expires_at: sight.keepUntilMs,
      revoked_at: null,
      generation: 0,
      parent_generation: 0,
      parent_spent_at: null,
      is_answer_used: 0,
      issued_at: sight.issuedAtMs,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  // An update that changes nothing waits for a revocation under way, and holds up the next one.
  return await db
    .updateTable('sessions')
    .set((row) => ({ expires_at: row.ref('expires_at') }))
    .where('id', '=', sight.sessionId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/**
 * Whether the token counts. New tokens keep a revoked session in memory, too: it stays revoked for as long as its provider
 * prolongs it. One without a `sid` is the same for ever, so a token that was made after its end is of the next login.
 */
async function noteToken(db: Db, session: Session, sight: Sight): Promise<boolean> {
  const isRevoked = session.revoked_at !== null;
  const isOver = sight.issuedAtMs <= endOf(session) || (isRevoked && !sight.isResumable);
  const opened = { revoked_at: null, issued_after: endOf(session), created_at: sight.nowMs };
  await db
    .updateTable('sessions')
    .set({
      expires_at: Math.max(session.expires_at, sight.keepUntilMs),
      ...(!isOver && { issued_at: Math.max(sight.issuedAtMs, session.issued_at ?? 0) }),
      ...(!isOver && isRevoked && opened),
    })
    .where('id', '=', session.id)
    .execute();
  return !isOver;
}

/** When the last login of a session ended; 0 if none has. */
function endOf({ revoked_at: revokedAtMs, issued_after: issuedAfterMs }: Session): number {
  return Math.max(revokedAtMs ?? 0, issuedAfterMs ?? 0);
}

/** Follows a claim that has changed since; a name that users give themselves stays until then. */
async function followName(db: Db, identity: Identity, sight: Sight): Promise<boolean> {
  const { displayName, foldedName, issuedAtMs } = sight;
  const isOld = displayName === null || displayName === identity.claimed_name;
  if (isOld || issuedAtMs <= identity.claimed_at) return false;
  await db
    .updateTable('foreign_identities')
    .set({ claimed_name: displayName, claimed_at: issuedAtMs })
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .execute();
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set((row) => ({
      display_name: displayName,
      folded_name: foldedName,
      updated_at: row
        .case()
        .when('updated_at', '<', sight.nowMs)
        .then(sight.nowMs)
        .else(row('updated_at', '+', 1))
        .end(),
    }))
    .where('id', '=', identity.user_id)
    .where('display_name', '!=', displayName)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export const store = defineStore({
  name: 'auth/foreign-sessions',
  url: import.meta.url,
  reads: { known },
  writes: { admit },
});
