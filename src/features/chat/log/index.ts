export { LogReader, type Memberships } from './log-reader.js';
export { LogWriter } from './log-writer.js';
export type { MessageView, ReactionView } from '../records/index.js';
export { ReadPositions } from './read-positions.js';
export {
  type MembershipChanged,
  roomChannel,
  type RoomCommitted,
  type RoomEvent,
  userChannel,
} from '../records/index.js';
export { type Append, type AppendInput, type Committed, RoomLog } from './room-log.js';
export type { RoomFacts, RoomKind, RoomRole, RoomView } from '../records/index.js';
