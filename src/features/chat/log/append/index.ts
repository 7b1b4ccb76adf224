export { store as appendStore } from './append.store.js';
export { writeMembers } from './batch.store.js';
export { type Interest, wants } from './outbox/interest.js';
export { moveThreadPositions } from './lifecycle/lifecycle.store.js';
export type { Batch, Change, CreateRoom, Deferred, Outcome, Refused, SendMessage, Stored } from './change.js';
export type { EndStream } from './streaming/changes.js';
export { endOfStream, STREAM_IDLE_MS, STREAM_KEPT_MS, STREAM_LIFE_MS } from './streaming/limits.js';
export { type Speaker, speakerIn } from './streaming/speakers.store.js';
