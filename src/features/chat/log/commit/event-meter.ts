import { Injectable } from '@nestjs/common';
import { Meters } from '../../../../realtime/index.js';
import type { RoomEvent } from '../../records/index.js';
import { isOwnType } from './own-types.js';

const EVENTS = {
  name: 'parley_log_events_total',
  help: "Events that were stored in rooms' logs, by type; message: what was sent, module: of modules.",
};

/** Modules may have types without number, and are one. */
const MODULE = 'module';

/** Counts what the logs take in. */
@Injectable()
export class EventMeter {
  constructor(private readonly meters: Meters) {}

  stored(events: readonly RoomEvent[]): void {
    for (const { type } of events) {
      this.meters.counter(EVENTS, { type: isOwnType(type) ? type : MODULE }).add();
    }
  }
}
