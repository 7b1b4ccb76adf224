import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';
import { USER_COLUMNS, userOf } from './user-rows.js';
import type { User } from './user.js';

export interface NewAccount {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly foldedName: string;
  readonly passwordHash: string;
  readonly nowMs: number;
}

/** What a login is judged by. */
export interface Account {
  readonly user: User;
  readonly passwordHash: string | null;
  readonly isSuspended: boolean;
}

export interface PasswordChange {
  readonly userId: string;
  /** The session that asks, which stays. */
  readonly sessionId: string;
  /** The hash that the old password was found to match. */
  readonly oldHash: string;
  readonly newHash: string;
  readonly nowMs: number;
}

export interface SuspensionChange {
  readonly userId: string;
  /** `null` lifts it. */
  readonly suspendedAtMs: number | null;
}

type Db = Kysely<AuthTables>;

async function byIds(db: Db, ids: readonly string[]): Promise<User[]> {
  return (await db.selectFrom('users').select(USER_COLUMNS).where('id', 'in', ids).execute()).map(userOf);
}

async function byUsernames(db: Db, usernames: readonly string[]): Promise<User[]> {
  const rows = await db.selectFrom('users').select(USER_COLUMNS).where('username', 'in', usernames).execute();
  return rows.map(userOf);
}

async function accountByUsername(db: Db, username: string): Promise<Account | undefined> {
  return await account(db, 'username', username);
}

async function accountById(db: Db, id: string): Promise<Account | undefined> {
  return await account(db, 'id', id);
}

async function account(db: Db, column: 'id' | 'username', value: string): Promise<Account | undefined> {
  const row = await db
    .selectFrom('users')
    .select([...USER_COLUMNS, 'password_hash', 'suspended_at'])
    .where(column, '=', value)
    .executeTakeFirst();
  return (
    row && { user: userOf(row), passwordHash: row.password_hash, isSuspended: row.suspended_at !== null }
  );
}

/** `false`: the username is taken. */
async function insert(db: Db, account: NewAccount): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('users')
    .values({
      id: account.id,
      username: account.username,
      display_name: account.displayName,
      folded_name: account.foldedName,
      password_hash: account.passwordHash,
      created_at: account.nowMs,
      updated_at: account.nowMs,
      deleted_at: null,
      suspended_at: null,
    })
    .onConflict((conflict) => conflict.column('username').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Ends every other session of the user in the same step. `undefined`: the password is no longer the old one. */
async function changePassword(db: Db, change: PasswordChange): Promise<string[] | undefined> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ password_hash: change.newHash })
    .where('id', '=', change.userId)
    .where('password_hash', '=', change.oldHash)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) return undefined;
  const revoked = await db
    .updateTable('sessions')
    .set({ revoked_at: change.nowMs })
    .where('user_id', '=', change.userId)
    .where('id', '!=', change.sessionId)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return revoked.map((session) => session.id);
}

/** `false`: there is no such user. */
async function setSuspension(db: Db, { userId, suspendedAtMs }: SuspensionChange): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ suspended_at: suspendedAtMs })
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export const store = defineStore({
  name: 'auth/accounts',
  url: import.meta.url,
  reads: { byIds, byUsernames, accountByUsername, accountById },
  writes: { insert, changePassword, setSuspension },
});
