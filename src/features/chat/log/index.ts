import type { Provider } from '@nestjs/common';
import { EventMeter } from './commit/event-meter.js';
import { MeasuredAppends } from './commit/measured-appends.js';
import { LogPublisher } from './log-publisher.js';
import { LogReader } from './log-reader.js';
import { LogNews } from './news/log-news.js';
import { SqlLogNews } from './news/log-news.sql.js';
import { SqlLogReader } from './log-reader.sql.js';
import { LogWriter } from './log-writer.js';
import { Outbox } from './outbox.js';
import { ReadPositions } from './read-positions.js';
import { RoomLog } from './room-log.js';

export { appendStore, type Interest } from './append/index.js';
export { LogReader, type Memberships } from './log-reader.js';
export { LogNews, type News, type Standing, type StandingMember } from './news/log-news.js';
export { store as newsStore } from './news/news.store.js';
export { refusal } from './commit/refusal.js';
export { type Append, LogWriter } from './log-writer.js';
export { store as logStore } from './log.store.js';
export { type Mute, type Muted, store as mutesStore } from './mutes.store.js';
export type { MessageView } from '../records/index.js';
export { Outbox } from './outbox.js';
export { ReadPositions } from './read-positions.js';
export {
  type MembershipChanged,
  roomChannel,
  type RoomCommitted,
  type RoomDropped,
  type RoomEvent,
  userChannel,
} from '../records/index.js';
export { type AppendInput, type Committed, RoomLog } from './room-log.js';
export type { RoomFacts, RoomKind, RoomRole, RoomView } from '../records/index.js';

export { endOfStream, STREAM_IDLE_MS, STREAM_KEPT_MS, STREAM_LIFE_MS } from './append/index.js';
export { type DueStreams, type SpokenStream, store as streamsStore } from './streams.store.js';

/** What chat's module provides for the rooms' logs; `RoomLog` and `LogReader` are for other features too. */
export const logProviders: Provider[] = [
  EventMeter,
  LogPublisher,
  LogWriter,
  MeasuredAppends,
  Outbox,
  ReadPositions,
  RoomLog,
  { provide: LogNews, useClass: SqlLogNews },
  { provide: LogReader, useClass: SqlLogReader },
];
