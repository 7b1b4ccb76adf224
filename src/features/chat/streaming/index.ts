import type { Provider } from '@nestjs/common';
import { StreamCheckpoints } from './keeping/stream-checkpoints.js';
import { StreamKeeper } from './keeping/stream-keeper.js';
import { StreamSweeper } from './keeping/stream-sweeper.js';
import { OpenStreams } from './open/open-streams.js';
import { OwnStreams } from './open/own-streams.js';
import { StreamNews } from './pushes/stream-news.js';
import { StreamPushes } from './pushes/stream-pushes.js';
import { StreamEnds } from './stream-ends.js';
import { StreamLog } from './stream-log.js';
import { StreamReadsService } from './stream-reads.service.js';
import { StreamStartsService } from './stream-starts.service.js';
import { StreamingFeature } from './streaming-feature.js';
import { StreamingGateway } from './streaming.gateway.js';
import { StreamsService } from './streams.service.js';

export { OpenStreams } from './open/open-streams.js';

/** What chat's module provides for messages that are said little by little. */
export const streamingProviders: Provider[] = [
  OpenStreams,
  OwnStreams,
  StreamNews,
  StreamPushes,
  StreamLog,
  StreamEnds,
  StreamCheckpoints,
  StreamSweeper,
  StreamKeeper,
  StreamStartsService,
  StreamsService,
  StreamReadsService,
  StreamingFeature,
  StreamingGateway,
];
