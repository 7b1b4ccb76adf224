import type { UsersTable } from '../auth.tables.js';
import type { User } from './user.js';

/** The columns behind a `User`. */
export const USER_COLUMNS = [
  'users.id',
  'users.username',
  'users.display_name',
  'users.updated_at',
  'users.deleted_at',
] as const;

export type UserRow = Pick<UsersTable, 'id' | 'username' | 'display_name' | 'updated_at' | 'deleted_at'>;

export function userOf(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    updatedAt: new Date(row.updated_at).toISOString(),
    deletedAt: row.deleted_at === null ? null : new Date(row.deleted_at).toISOString(),
  };
}
