import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Rounds } from '../../../realtime/index.js';
import { BlockFollowing } from './block-following.js';
import { PresenceFeed } from './presence-feed.js';

/** With the time of a lease it is how long a node's death goes unnoticed, and alone how long a lost message does. */
export const COMPARE_MS = 3_000;

/** Finds again and again what the bus has not told the watchers of this node. */
@Injectable()
export class PresenceComparison implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Presence');
  private readonly rounds: Rounds;
  private isTroubled = false;

  constructor(
    private readonly clock: Clock,
    feed: PresenceFeed,
    blocks: BlockFollowing,
  ) {
    this.rounds = new Rounds(
      async () => {
        await feed.compare();
        await blocks.compare();
        this.isTroubled = false;
      },
      (err) => {
        if (!this.isTroubled) this.logger.warn({ err }, 'presence could not be compared; trying again');
        this.isTroubled = true;
      },
    );
  }

  onApplicationBootstrap(): void {
    this.rounds.start(this.clock, COMPARE_MS);
    void this.rounds.round();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }
}
