export { ChatModule } from './chat.module.js';
export type { ChatSettings } from './chat.settings.js';
export { ConsumesLog, type LogBatch, type LogConsumer } from './consumers/index.js';
export { IsClientId, IsId, IsMeta, IsSeq, IsText, Optional } from './frames/index.js';
export {
  type Append,
  type AppendInput,
  type Committed,
  LogReader,
  type Memberships,
  type MessageView,
  type RoomEvent,
  type RoomFacts,
  type RoomKind,
  RoomLog,
  type RoomRole,
  type RoomView,
} from './log/index.js';
export { chatMigrations } from './records/index.js';
export { keptAttachments, renewedEpoch } from './restoring/index.js';
export { RoomAccess, RoomPushes } from './rooms/index.js';
export { type MembershipChange, MembershipChanges, type RemovalReason } from './stream/index.js';
