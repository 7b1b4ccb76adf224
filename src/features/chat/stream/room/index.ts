export { FrameCache } from './frame-cache.js';
export { COMPARISON_MS } from './head-comparison.js';
export { REORDER_MS, RoomStream } from './room-stream.js';
export { RoomStreams } from './room-streams.js';
