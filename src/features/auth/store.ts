/*
 * Auth's front for the stores of other features: it loads no Nest, so that a database's thread can import it. What
 * is asked here is read in the transaction that asks.
 */
export { foldDisplayName } from './accounts/names.js';
export { AUTH_MIGRATIONS } from './auth.migrations.js';
export type { BlockPair } from './blocks/blocks.js';
export { endOfPrefix } from './directory/prefix-range.js';
export { blocksAmong } from './blocks/block-pairs.store.js';
export { suspendedAmong } from './accounts/suspended-users.store.js';
