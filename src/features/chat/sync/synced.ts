import type { RoomEvent, RoomView } from '../log/index.js';
import type { SyncedPosition } from './changed-positions.store.js';

/** One room of an answer to `room.sync`. */
export interface SyncedRoom {
  readonly room: RoomView;
  readonly events: readonly RoomEvent[];
  readonly hasMore: boolean;
  readonly reset?: true;
  readonly truncated?: true;
}

/** The reply to `room.sync`. */
export interface Synced {
  readonly epoch: string;
  readonly rooms: readonly SyncedRoom[];
  readonly removed: readonly string[];
  readonly reads: readonly SyncedPosition[];
  readonly since: string;
  readonly serverTime: string;
  readonly nextCursor: string | null;
}
