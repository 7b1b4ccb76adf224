import type { Kysely } from 'kysely';
import { keyIn, withManyKeys } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';

type UserTables = Pick<AuthTables, 'users'>;

const suspendedById = withManyKeys<UserTables, { id: string }>((db, keys) =>
  db
    .selectFrom('users')
    .select('id')
    .where('suspended_at', 'is not', null)
    .where(keyIn(['id'], keys)),
);

/** Those of the users who are suspended, as they are in the transaction that asks. Ids that name nobody are not. */
export async function suspendedAmong<Tables>(
  db: Kysely<Tables>,
  userIds: readonly string[],
): Promise<Set<string>> {
  // The asking store's own tables are beside auth's in the same database.
  const rows = await suspendedById(
    db as unknown as Kysely<UserTables>,
    userIds.map((id) => [id]),
  );
  return new Set(rows.map(({ id }) => id));
}
