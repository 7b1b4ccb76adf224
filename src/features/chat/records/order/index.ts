export {
  advanced,
  decodeOrder,
  encodeOrder,
  countsUntil,
  MARK_LENGTH,
  orderFrom,
  type OrderedRoom,
  type RoomOrder,
} from './room-order.js';
export { type ActiveRoom, inOrder } from './room-places.store.js';
