import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { RequestReader } from '../dispatch/request-reader.js';
import { FrameRate } from '../limits/frame-rate.js';
import { FlushQueue } from '../sockets/flush-queue.js';
import { Brakes } from '../sockets/reading.js';
import type { ConnectionServices } from '../sockets/socket-connection.js';

/** What a connection gets of its node. */
@Injectable()
export class NodeServices {
  private readonly brakes: Brakes;

  constructor(
    private readonly requests: RequestReader,
    private readonly flushQueue: FlushQueue,
    private readonly frameRate: FrameRate,
    private readonly clock: Clock,
  ) {
    this.brakes = new Brakes(clock);
  }

  /** For one more connection, which has a meter of its own. */
  open(): Omit<ConnectionServices, 'maxOutboxBytes' | 'traffic'> {
    return {
      requests: this.requests,
      flushQueue: this.flushQueue,
      meter: this.frameRate.open(),
      clock: this.clock,
      brakes: this.brakes,
    };
  }
}
