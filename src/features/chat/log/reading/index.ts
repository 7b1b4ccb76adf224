export { messageKey, messageRows, readEvents, type Stretch, withMessages } from './events.store.js';
export { type ReadPosition, store as logStore } from './log.store.js';
export { type PositionsAhead, readRoomViews, type RoomViewsQuery } from './room-views.store.js';
export { directKey, eventView, iso, messageView, roomFacts } from './views.js';
