export type { ChatSettings } from './chat.settings.js';
export {
  type Append,
  type AppendInput,
  type Committed,
  LogReader,
  type Memberships,
  type MessageView,
  type ReactionView,
  RoomLog,
  type RoomEvent,
  type RoomFacts,
  type RoomKind,
  type RoomRole,
  type RoomView,
} from './log/index.js';
export { RoomAccess, RoomPushes } from './rooms/index.js';
