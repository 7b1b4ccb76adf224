import { Injectable } from '@nestjs/common';
import { Meters } from '../../../realtime/index.js';
import { LogConsumers } from '../consumers/index.js';

/** Shows how the consumers of the logs are. Their names are the build's, so they make good labels. */
@Injectable()
export class ConsumerGauges {
  constructor(meters: Meters, consumers: LogConsumers) {
    meters.gauge(
      {
        name: 'parley_consumer_failures',
        help: 'How often a consumer of the logs has failed in a row, by consumer; 0: it works.',
      },
      () => [...consumers.failures()].map(([consumer, value]) => ({ labels: { consumer }, value })),
    );
  }
}
