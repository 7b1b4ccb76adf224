import type { Provider } from '@nestjs/common';
import { OpenStreams } from './open/open-streams.js';
import { StreamEnds } from './stream-ends.js';
import { StreamKeeper } from './stream-keeper.js';
import { StreamPushes } from './stream-pushes.js';
import { StreamReadsService } from './stream-reads.service.js';
import { StreamingFeature } from './streaming-feature.js';
import { StreamingGateway } from './streaming.gateway.js';
import { StreamsService } from './streams.service.js';

/** What chat's module provides for messages that are said little by little. */
export const streamingProviders: Provider[] = [
  OpenStreams,
  StreamPushes,
  StreamEnds,
  StreamKeeper,
  StreamsService,
  StreamReadsService,
  StreamingFeature,
  StreamingGateway,
];
