export { store as appendStore } from './append.store.js';
export { writeMembers } from './batch.store.js';
export { moveThreadPositions } from './lifecycle/lifecycle.store.js';
export type { Change, CreateRoom, Outcome, Refused, SendMessage, Stored } from './change.js';
