import { Injectable } from '@nestjs/common';
import {
  type Connection,
  type ConnectionObserver,
  ObservesConnections,
  TopicBus,
} from '../../../realtime/index.js';
import { ReadPositions } from '../log/index.js';

/**
 * Has the positions of one who leaves stored at once where there are other nodes: the user may be at another one next, which
 * was told of none of them while the user was not there.
 */
@ObservesConnections()
@Injectable()
export class LeavingReaders implements ConnectionObserver {
  constructor(
    private readonly positions: ReadPositions,
    private readonly bus: TopicBus,
  ) {}

  detached({ principal }: Connection): void {
    if (this.bus.isShared) void this.positions.settle(principal.userId);
  }
}
