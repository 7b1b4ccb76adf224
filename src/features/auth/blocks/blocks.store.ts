import type { Kysely } from 'kysely';
import { defineStore, fitting, keyIn, withManyKeys } from '../../../storage/store.js';
import { USER_COLUMNS, userOf } from '../accounts/user-rows.js';
import type { User } from '../accounts/user.js';
import type { AuthTables } from '../auth.tables.js';
import { blocksAmong } from './block-pairs.store.js';
import type { BlockPair } from './blocks.js';

type Db = Kysely<AuthTables>;

export interface NewBlock extends BlockPair {
  readonly nowMs: number;
}

export interface BlocksQuery {
  readonly blockerId: string;
  /** The last blocked user of the part before; '' for the first part. */
  readonly after: string;
  readonly limit: number;
  readonly maxBytes: number;
}

export interface BlocksPart {
  readonly users: readonly User[];
  readonly isWhole: boolean;
}

/** `false`: there is nobody of this id. */
async function block(db: Db, { blockerId, blockedId, nowMs }: NewBlock): Promise<boolean> {
  if (!(await isKnown(db, blockedId))) return false;
  await db
    .insertInto('user_blocks')
    .values({ blocker_id: blockerId, blocked_id: blockedId, created_at: nowMs })
    .onConflict((conflict) => conflict.columns(['blocker_id', 'blocked_id']).doNothing())
    .execute();
  return true;
}

/** `false`: there is nobody of this id. */
async function unblock(db: Db, { blockerId, blockedId }: BlockPair): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('user_blocks')
    .where('blocker_id', '=', blockerId)
    .where('blocked_id', '=', blockedId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n || (await isKnown(db, blockedId));
}

async function isKnown(db: Db, userId: string): Promise<boolean> {
  return (
    (await db.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst()) !== undefined
  );
}

async function blockedBy(db: Db, { blockerId, after, limit, maxBytes }: BlocksQuery): Promise<BlocksPart> {
  const rows = await db
    .selectFrom('user_blocks')
    .innerJoin('users', 'users.id', 'user_blocks.blocked_id')
    .select(USER_COLUMNS)
    .where('user_blocks.blocker_id', '=', blockerId)
    .where('user_blocks.blocked_id', '>', after)
    .orderBy('user_blocks.blocked_id')
    .limit(limit + 1)
    .execute();
  const users = fitting(rows.slice(0, limit).map(userOf), maxBytes);
  return { users, isWhole: users.length === rows.length };
}

async function among(db: Db, pairs: readonly BlockPair[]): Promise<BlockPair[]> {
  return await blocksAmong(db, pairs);
}

const blocksByBlocked = withManyKeys<Pick<AuthTables, 'user_blocks'>, BlockPair>((db, keys) =>
  db
    .selectFrom('user_blocks')
    .select(['blocker_id as blockerId', 'blocked_id as blockedId'])
    .where(keyIn(['blocked_id'], keys)),
);

async function against(db: Db, blockedIds: readonly string[]): Promise<BlockPair[]> {
  return await blocksByBlocked(
    db as unknown as Kysely<Pick<AuthTables, 'user_blocks'>>,
    blockedIds.map((id) => [id]),
  );
}

/** Who has blocked whom. */
export const store = defineStore({
  name: 'auth/blocks',
  url: import.meta.url,
  reads: { against, among, blockedBy },
  writes: { block, unblock },
});
