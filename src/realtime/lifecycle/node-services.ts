import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { RequestReader } from '../dispatch/request-reader.js';
import { FrameRate } from '../limits/frame-rate.js';
import { Traffic } from '../metrics/traffic.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { FlushQueue } from '../sockets/flush-queue.js';
import type { OutboxTerms } from '../sockets/outbox.js';
import { Brakes } from '../sockets/reading.js';
import type { ConnectionServices } from '../sockets/socket-connection.js';

/** What a connection gets of its node. */
@Injectable()
export class NodeServices {
  private readonly brakes: Brakes;
  private readonly outbox: OutboxTerms;

  // eslint-disable-next-line max-params -- Nest gives a provider its dependencies one by one
  constructor(
    private readonly requests: RequestReader,
    flushQueue: FlushQueue,
    private readonly frameRate: FrameRate,
    private readonly clock: Clock,
    traffic: Traffic,
    @Inject(REALTIME_SETTINGS) { maxOutboxBytes: maxBytes }: RealtimeSettings,
  ) {
    this.brakes = new Brakes(clock);
    this.outbox = { flushQueue, maxBytes, traffic };
  }

  /** For one more connection, which has a meter of its own. */
  open(): ConnectionServices {
    return {
      requests: this.requests,
      outbox: this.outbox,
      meter: this.frameRate.open(),
      clock: this.clock,
      brakes: this.brakes,
    };
  }
}
