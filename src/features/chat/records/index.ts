export { foldedName, wordsOf } from './channels/channel-names.js';
export { writeChannelNames } from './channels/channel-names.store.js';
export { lastCommit, nextCommit, raiseCommits } from './commits/commits.store.js';
export { lockConsumers, lockMembers, lockOutbox, lockRooms, shareConsumers } from './commits/locks.store.js';
export { readEvents, type Stretch, withMessages } from './events.store.js';
export {
  membersByKey,
  messageRows,
  messagesByClientId,
  messagesByKey,
  ordinalsAt,
  placeKey,
} from './lookups.store.js';
export { fitting, insertingMany, keyIn, wanted, withManyKeys } from './many.store.js';
export type { AttachmentView, MessageView, ReactionView } from './message-view.js';
export { reactionCountsByMessage, reactionsOfUsers, readMessageViews } from './message-views.store.js';
export { chatMigrations } from './migrations.js';
export {
  type ActiveRoom,
  advanced,
  countsUntil,
  decodeOrder,
  encodeOrder,
  inOrder,
  MARK_LENGTH,
  type OrderedRoom,
  orderFrom,
  type RoomOrder,
} from './order/index.js';
export {
  type MembershipChanged,
  membersIn,
  roomChannel,
  type RoomCommitted,
  type RoomDropped,
  type RoomEvent,
  userChannel,
} from './room-event.js';
export { droppedByClientId, tombstoneOf } from './retention/dropped-messages.store.js';
export { hasRank, type RoomFacts, type RoomKind, type RoomRole, type RoomView } from './room-view.js';
export { type PositionsAhead, readRoomViews, type RoomViewsQuery } from './room-views.store.js';
export type {
  AttachmentsTable,
  ChatTables,
  DroppedMessagesTable,
  MembersTable,
  MentionsTable,
  MessagesTable,
  OutboxTable,
  PinsTable,
  ReactionCountsTable,
  ReactionsTable,
  RestrictionsTable,
  RoomEventsTable,
  RoomsTable,
  StreamsTable,
  ThreadPositionsTable,
} from './tables.js';
export { FOR_EVER_MS, UNNAMED_LIFE_MS } from './tables.js';
export { directKey, eventView, iso, messageView, roomFacts } from './views.js';
