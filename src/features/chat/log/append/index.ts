export { store as appendStore } from './append.store.js';
export { writeMembers } from './batch.store.js';
export type {
  AddMembers,
  Change,
  CreateRoom,
  JoinRoom,
  LeaveRoom,
  ModuleEvent,
  Outcome,
  Refused,
  SendMessage,
  Stored,
} from './change.js';
