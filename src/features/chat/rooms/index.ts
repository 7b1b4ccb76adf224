export { RoomAccess } from './room-access.js';
export { RoomPushes, type RoomStatePush } from './room-pushes.js';
