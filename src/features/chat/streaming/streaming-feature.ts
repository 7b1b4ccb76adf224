import { Injectable } from '@nestjs/common';
import { type ConnectionObserver, ObservesConnections, type ReadyFields } from '../../../realtime/index.js';

const FIELDS: ReadyFields = { features: ['message.stream'] };

/** Names streaming in `ready`: a client of a node that does not name it sends its messages whole. */
@Injectable()
@ObservesConnections()
export class StreamingFeature implements ConnectionObserver {
  attach(): Promise<ReadyFields> {
    return Promise.resolve(FIELDS);
  }
}
