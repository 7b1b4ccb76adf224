/**
 * Rooms and members of each. `inFlight` messages of each room are on their way at once when a server is saturated (gorilla's
 * hub drops a connection for which 256 wait);
 * `commonRate` is the number of deliveries a second at which all are compared.
 */
export const SHAPES = {
  '1x100': { rooms: 1, members: 100, inFlight: 200, commonRate: 10_000 },
  '10x100': { rooms: 10, members: 100, inFlight: 20, commonRate: 10_000 },
  '1x1000': { rooms: 1, members: 1000, inFlight: 200, commonRate: 10_000 },
  '1000x2': { rooms: 1000, members: 2, inFlight: 1, commonRate: 1000 },
};

/** The room of every idle connection has this many members. */
const IDLE_ROOM_MEMBERS = 100;

export function idleShape(connections) {
  return { rooms: Math.ceil(connections / IDLE_ROOM_MEMBERS), members: IDLE_ROOM_MEMBERS };
}

/** Members as the generator is told of them, for servers that ask nobody who they are. */
export function strangers({ rooms, members }) {
  return Array.from({ length: rooms * members }, (_, index) => ({ room: index % rooms }));
}
