import type { Kysely } from 'kysely';
import { type BlockPair, blocksAmong } from '../../../../auth/store.js';
import type { ChatTables } from '../../../records/index.js';
import type { Change } from '../change.js';
import type { Workspace } from '../workspace.js';
import { otherIn } from './block-rules.js';

/**
 * Reads the blocks that the changes stand on: of those who are to be brought into a room, and of the other one of a
 * direct room. What happens in groups and channels alone asks nothing. The rooms must be known.
 */
export async function knowBlocks(
  db: Kysely<ChatTables>,
  work: Workspace,
  changes: readonly Change[],
): Promise<void> {
  const pairs = changes.flatMap((change) => pairsOf(work, change));
  for (const { blockerId, blockedId } of await blocksAmong(db, pairs)) work.blocks.know(blockerId, blockedId);
}

function pairsOf(work: Workspace, change: Change): BlockPair[] {
  const { actorId } = change;
  if (actorId === null) return [];
  return othersOf(work, change, actorId).map((userId) => ({ blockerId: userId, blockedId: actorId }));
}

function othersOf(work: Workspace, change: Change, actorId: string): readonly string[] {
  if (change.change === 'create') return change.memberIds;
  if (change.change === 'add') return change.userIds;
  const room = work.room(change.roomId);
  const other = room && otherIn(room, actorId);
  return other === undefined ? [] : [other];
}
