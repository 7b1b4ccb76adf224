import type { Kysely } from 'kysely';
import { defineStore, readDatabaseNow } from '../../../storage/store.js';
import { USER_COLUMNS, userOf } from '../accounts/user-rows.js';
import type { User } from '../accounts/user.js';
import type { AuthTables } from '../auth.tables.js';

type Db = Kysely<AuthTables>;

export interface Renaming {
  readonly userId: string;
  readonly displayName: string;
  readonly foldedName: string;
  readonly nowMs: number;
}

/** What became of a renaming. */
export interface Renamed {
  readonly user: User;
  /** False when the user had that name already: then nothing was written. */
  readonly isChanged: boolean;
}

/**
 * `undefined`: there is no such user, or no longer. `updated_at` always rises, whatever the clock does, so that of two
 * states of a user everyone can tell which is newer.
 */
async function rename(db: Db, input: Renaming): Promise<Renamed | undefined> {
  const row = await db
    .selectFrom('users')
    .select(USER_COLUMNS)
    .where('id', '=', input.userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.display_name === input.displayName) return { user: userOf(row), isChanged: false };
  const renamed = {
    display_name: input.displayName,
    updated_at: Math.max(input.nowMs, row.updated_at + 1),
  };
  await db
    .updateTable('users')
    .set({ ...renamed, folded_name: input.foldedName })
    .where('id', '=', input.userId)
    .execute();
  return { user: userOf({ ...row, ...renamed }), isChanged: true };
}

/** A stretch of the database's time: since so long before a moment, which is now when it is null. */
export interface ProfileStretch {
  readonly sinceMs: number | null;
  readonly overlapMs: number;
}

export interface ProfileChanges {
  readonly nowMs: number;
  readonly changes: readonly { readonly userId: string; readonly changedAtMs: number }[];
}

/** Whose profiles have changed. */
async function changed(db: Db, { sinceMs, overlapMs }: ProfileStretch): Promise<ProfileChanges> {
  const nowMs = await readDatabaseNow(db);
  const rows = await db
    .selectFrom('users')
    .select(['id', 'changed_at'])
    .where('changed_at', '>=', (sinceMs ?? nowMs) - overlapMs)
    .execute();
  return {
    nowMs,
    changes: rows.map(({ id, changed_at }) => ({ userId: id, changedAtMs: changed_at ?? 0 })),
  };
}

export const store = defineStore({
  name: 'auth/profiles',
  url: import.meta.url,
  reads: { changed },
  writes: { rename },
});
