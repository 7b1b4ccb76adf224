export { FrameCache } from './frame-cache.js';
export { REORDER_MS } from './room-stream.js';
export { RoomStreams } from './room-streams.js';
