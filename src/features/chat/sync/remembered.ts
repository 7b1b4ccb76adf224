import type { RecentEvents, RecentStretch } from '../stream/index.js';
import type { SyncedRoom } from './synced.js';
import type { PackedRoom, Remembered, SyncQuery } from './sync-page.js';

/** More than an answer has; their sizes travel to the database's thread. */
const MAX_REMEMBERED = 2000;

/** What a node has in memory for a request, taken before the store is asked. */
export interface RememberedRooms {
  readonly events: ReadonlyMap<string, RecentStretch>;
  readonly remembered: ReadonlyMap<string, Remembered>;
}

/** The events after those that the client has, of the named rooms that this node follows. */
export function rememberedIn(
  recent: RecentEvents,
  { rooms, isOtherEpoch, limit }: Pick<SyncQuery, 'rooms' | 'isOtherEpoch' | 'limit'>,
): RememberedRooms {
  const events = new Map<string, RecentStretch>();
  const remembered = new Map<string, Remembered>();
  let count = 0;
  for (const [roomId, seq] of isOtherEpoch ? [] : rooms) {
    if (count >= MAX_REMEMBERED) break;
    const stretch = recent.after(roomId, seq, limit);
    if (stretch === undefined) continue;
    const { after, sizes, position, oldestShown } = stretch;
    events.set(roomId, stretch);
    remembered.set(roomId, { after, sizes, position, oldestShown });
    count += sizes.length;
  }
  return { events, remembered };
}

/** The rooms of a page, with the events that the store has left to the node's memory. */
export function roomsWithEvents(
  rooms: readonly PackedRoom[],
  memory: ReadonlyMap<string, RecentStretch>,
): SyncedRoom[] {
  return rooms.map((packed): SyncedRoom => {
    const { events } = packed;
    if (!('until' in events)) return { ...packed, events };
    const stretch = memory.get(packed.room.id);
    if (stretch === undefined) throw new Error(`nothing is remembered of room ${packed.room.id}`);
    const [from, to] = [events.after - stretch.after, events.until - stretch.after];
    return { ...packed, events: stretch.events.slice(from, to) };
  });
}
