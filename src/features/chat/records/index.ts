export { foldedName, wordsOf } from './channels/channel-names.js';
export { writeChannelNames } from './channels/channel-names.store.js';
export { readEvents, type Stretch, withMessages } from './events.store.js';
export { membersByKey, messagesByClientId, messagesByKey, ordinalsAt, placeKey } from './lookups.store.js';
export { fitting, insertingMany, keyIn, withManyKeys } from './many.store.js';
export type { AttachmentView, MessageView, ReactionView } from './message-view.js';
export { reactionCountsByMessage, reactionsOfUsers, readMessageViews } from './message-views.store.js';
export { chatMigrations } from './migrations.js';
export {
  type MembershipChanged,
  roomChannel,
  type RoomCommitted,
  type RoomEvent,
  userChannel,
} from './room-event.js';
export { hasRank, type RoomFacts, type RoomKind, type RoomRole, type RoomView } from './room-view.js';
export { type PositionsAhead, readRoomViews, type RoomViewsQuery } from './room-views.store.js';
export type {
  AttachmentsTable,
  ChatTables,
  MembersTable,
  MentionsTable,
  MessagesTable,
  PinsTable,
  ReactionCountsTable,
  ReactionsTable,
  RestrictionsTable,
  RoomEventsTable,
  RoomsTable,
  ThreadPositionsTable,
} from './tables.js';
export { FOR_EVER_MS, UNNAMED_LIFE_MS } from './tables.js';
  type RoomDropped,
export { directKey, eventView, iso, messageView, roomFacts } from './views.js';
export { droppedByClientId, tombstoneOf } from './retention/dropped-messages.store.js';
  DroppedMessagesTable,
