import { Injectable } from '@nestjs/common';
import { Meters } from '../../../realtime/index.js';
import { LargeRooms } from '../large-rooms/index.js';
import { LogWriter } from '../log/index.js';
import { OpenStreams } from '../streaming/index.js';

/** Shows what chat counts and holds, when somebody looks. */
@Injectable()
export class ChatGauges {
  constructor(meters: Meters, largeRooms: LargeRooms, writer: LogWriter, streams: OpenStreams) {
    meters.gauge(
      {
        name: 'parley_commit_queue',
        help: 'Changes that wait for a commit, or to be gathered in a large room.',
      },
      () => writer.waiting,
    );
    meters.counted(
      { name: 'parley_large_rooms_spared_total', help: 'What large rooms were spared, by what it was.' },
      () => Object.entries(largeRooms.spared).map(([what, value]) => ({ labels: { what }, value })),
    );
    meters.gauge(
      { name: 'parley_streams_open', help: 'Messages that are being streamed through this node.' },
      () => streams.count,
    );
  }
}
