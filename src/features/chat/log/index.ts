import type { Provider } from '@nestjs/common';
import { LogReader } from './log-reader.js';
import { SqlLogReader } from './log-reader.sql.js';
import { LogWriter } from './log-writer.js';
import { ReadPositions } from './read-positions.js';
import { RoomLog } from './room-log.js';

export { appendStore } from './append/index.js';
export { LogReader, type Memberships } from './log-reader.js';
export { type Append, LogWriter } from './log-writer.js';
export { store as logStore } from './log.store.js';
export { type Mute, type Muted, store as mutesStore } from './mutes.store.js';
export type { MessageView } from '../records/index.js';
export { ReadPositions } from './read-positions.js';
export {
  type MembershipChanged,
  roomChannel,
  type RoomCommitted,
  type RoomEvent,
  userChannel,
} from '../records/index.js';
export { type AppendInput, type Committed, RoomLog } from './room-log.js';
  type RoomDropped,
export type { RoomFacts, RoomKind, RoomRole, RoomView } from '../records/index.js';

/** What chat's module provides for the rooms' logs; `RoomLog` and `LogReader` are for other features too. */
export const logProviders: Provider[] = [
  LogWriter,
  ReadPositions,
  RoomLog,
  { provide: LogReader, useClass: SqlLogReader },
];
