export { CurrentHeads } from './current-heads.js';
export { DeliveredEvents, type EventListener } from './delivered-events.js';
export { OwnPositions } from './own-positions.js';
export { type RoomSignal, type RoomSignalled, RoomSignals } from './room-signals.js';
