import type { Cancel } from '../../../realtime/index.js';

/** One user who has, or may have, blocked another. */
export interface BlockPair {
  readonly blockerId: string;
  readonly blockedId: string;
}

/** Told of a pair whose block was made or ended; which of the two is for `among` to say. It must not throw. */
export type BlockListener = (pair: BlockPair) => void;

/**
 * Knows who has blocked whom. What a rule of another feature's own store stands on is read in its own transaction
 * instead, with `blocksAmong` of auth's front for stores.
 */
export abstract class Blocks {
  /** Those of the pairs in which the one has blocked the other, each once. One read of the store. */
  abstract among(pairs: readonly BlockPair[]): Promise<BlockPair[]>;

  /** Every block of these users by others. Reads of the store, one for each thousand users. */
  abstract against(blockedIds: readonly string[]): Promise<BlockPair[]>;

  /**
   * Listens until cancelled to what is blocked and unblocked on any node: on this one before the request is answered,
   * on others soon, as far as the bus brings it there (who must not miss one compares with `against`). A change may be
   * told twice.
   */
  abstract observe(listener: BlockListener): Cancel;
}
