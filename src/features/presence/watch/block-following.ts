import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Cancel } from '../../../realtime/index.js';
import { Blocks } from '../../auth/index.js';
import { PresenceFeed } from './presence-feed.js';

/** Makes what is shown of users follow whom they block. */
@Injectable()
export class BlockFollowing implements OnApplicationShutdown {
  private readonly cancel: Cancel;

  constructor(feed: PresenceFeed, blocks: Blocks) {
    this.cancel = blocks.observe((pair) => feed.followBlock(pair));
  }

  onApplicationShutdown(): void {
    this.cancel();
  }
}
