import type { PositionsAhead, RoomEvent, RoomOrder, RoomView } from '../records/index.js';
import type { Taken } from './news/answer-budget.js';
import type { ChangePlace, SyncedPosition } from './changed-positions.store.js';

/** Events of a room that a node has in memory, for the database's thread to say whether they may be given. */
export interface Remembered {
  /** The stretch begins after this event. */
  readonly after: number;
  /** The JSON bytes of each event of the stretch. */
  readonly sizes: readonly number[];
  /** The room's last event that the node has followed: what its memory shows is true as long as this is the head. */
  readonly position: number;
  /** The oldest message that one of the events shows. */
  readonly oldestShown: number;
}

export interface SyncQuery {
  readonly userId: string;
  /** The last `seq` that the client has of each room it names. */
  readonly rooms: ReadonlyMap<string, number>;
  readonly isOtherEpoch: boolean;
  readonly isRestWanted: boolean;
  readonly limit: number;
  readonly place: SyncPlace;
  /** Positions changed after this are given; null: none are. */
  readonly since: ChangePlace | null;
  readonly ahead: PositionsAhead;
  readonly remembered: ReadonlyMap<string, Remembered>;
  readonly maxBytes: number;
}

/** Where an answer goes on after a page. */
export interface SyncPlace {
  readonly order: RoomOrder;
  /** From this one of the named rooms on, in the order of the request, it is still to be said which are gone. */
  readonly removedFrom: number;
}

/** A room of a page. */
export interface PackedRoom {
  readonly room: RoomView;
  /** Events, or which of the remembered ones are meant. */
  readonly events: readonly RoomEvent[] | Taken;
  readonly hasMore: boolean;
  readonly reset?: true;
  readonly truncated?: true;
}

export interface SyncPage {
  readonly rooms: readonly PackedRoom[];
  readonly removed: readonly string[];
  readonly reads: readonly SyncedPosition[];
  /** Up to where `reads` are complete. */
  readonly since: ChangePlace;
  /** Null when nothing remains. */
  readonly next: SyncPlace | null;
}
