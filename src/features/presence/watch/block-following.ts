import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Cancel } from '../../../realtime/index.js';
import { type BlockPair, Blocks } from '../../auth/index.js';
import { PresenceFeed } from './presence-feed.js';

/** Makes what is shown of users follow whom they block, on any node. */
@Injectable()
export class BlockFollowing implements OnApplicationShutdown {
  private readonly cancel: Cancel;
  /** Who had blocked each of those who watch, when the store was asked last. */
  private blockersOf = new Map<string, Set<string>>();

  constructor(
    private readonly feed: PresenceFeed,
    private readonly blocks: Blocks,
  ) {
    this.cancel = blocks.observe((pair) => feed.followBlock(pair));
  }

  onApplicationShutdown(): void {
    this.cancel();
  }

  /** Finds what the bus has not told. */
  async compare(): Promise<void> {
    const viewerIds = [...this.feed.watches.viewerIds()];
    const before = this.blockersOf;
    const now = new Map(viewerIds.map((userId) => [userId, new Set<string>()]));
    for (const { blockerId, blockedId } of await this.blocks.against(viewerIds))
      now.get(blockedId)?.add(blockerId);
    this.blockersOf = now;
    for (const pair of differing(before, now)) this.feed.followBlock(pair);
  }
}

function* differing(before: Map<string, Set<string>>, now: Map<string, Set<string>>): Generator<BlockPair> {
  for (const [blockedId, blockers] of now) {
    const known = before.get(blockedId) ?? new Set();
    for (const blockerId of blockers) if (!known.has(blockerId)) yield { blockerId, blockedId };
    for (const blockerId of known) if (!blockers.has(blockerId)) yield { blockerId, blockedId };
  }
}
