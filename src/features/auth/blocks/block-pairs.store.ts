import type { Kysely } from 'kysely';
import { keyIn, withManyKeys } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';
import type { BlockPair } from './blocks.js';

type BlockTables = Pick<AuthTables, 'user_blocks'>;

const blocksByPair = withManyKeys<BlockTables, BlockPair>((db, keys) =>
  db
    .selectFrom('user_blocks')
    .select(['blocker_id as blockerId', 'blocked_id as blockedId'])
    .where(keyIn(['blocker_id', 'blocked_id'], keys)),
);

/**
 * Those of the pairs in which the one has blocked the other, each once, as they are in the transaction that asks. Ids
 * that name nobody are in no block. One statement for each thousand pairs, none for none.
 */
export async function blocksAmong<Tables>(
  db: Kysely<Tables>,
  pairs: readonly BlockPair[],
): Promise<BlockPair[]> {
  const keys = pairs.map(({ blockerId, blockedId }) => [blockerId, blockedId]);
  // The asking store's own tables are beside auth's in the same database.
  return await blocksByPair(db as unknown as Kysely<BlockTables>, keys);
}
