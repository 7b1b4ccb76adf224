import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock } from '../../../../realtime/index.js';
import { type MembershipChange, MembershipChanges } from '../../stream/index.js';
import { StreamCheckpoints } from './stream-checkpoints.js';
import { StreamSweeper } from './stream-sweeper.js';

/** What was appended is written so often, so that with the write itself a crash costs less than a second of it. */
const CHECKPOINT_MS = 500;
const SWEEP_MS = 1000;

/** Looks after the streams, by the clock and when members go. */
@Injectable()
export class StreamKeeper implements OnModuleInit, OnApplicationShutdown {
  private cancels: readonly Cancel[] = [];

  constructor(
    private readonly checkpoints: StreamCheckpoints,
    private readonly sweeper: StreamSweeper,
    private readonly memberships: MembershipChanges,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.cancels = [
      this.clock.every(CHECKPOINT_MS, () => void this.checkpoints.save()),
      this.clock.every(SWEEP_MS, () => this.sweeper.sweepSoon()),
      this.memberships.observe((changes) => {
        if (changes.some((change) => this.cutsOff(change))) this.sweeper.sweepSoon();
      }),
    ];
  }

  /** Nothing that was said is lost by an orderly stop. */
  async onApplicationShutdown(): Promise<void> {
    for (const cancel of this.cancels) cancel();
    await this.sweeper.idle();
    await this.checkpoints.finish();
  }

  private cutsOff({ roomId, userId, removal }: MembershipChange): boolean {
    return removal !== undefined && this.sweeper.concerns(roomId, userId);
  }
}
