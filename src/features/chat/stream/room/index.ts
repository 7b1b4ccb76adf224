export { FrameCache } from './frame-cache.js';
export { keepLast } from './held-states.js';
export { REORDER_MS, type StreamServices } from './room-stream.js';
export { RoomStreams } from './room-streams.js';
