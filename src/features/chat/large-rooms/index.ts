export { GatheringWindows } from './gathering-windows.js';
export { LargeRooms, type Spared } from './large-rooms.js';
