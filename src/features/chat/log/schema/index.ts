export { chatMigrations } from './migrations.js';
export type {
  ChatTables,
  LogStateTable,
  MembersTable,
  MentionsTable,
  MessagesTable,
  RoomEventsTable,
  RoomsTable,
} from './tables.js';
export { keyIn, portions } from './keys.store.js';
