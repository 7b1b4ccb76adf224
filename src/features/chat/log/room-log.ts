import type { Actor } from '../../../realtime/index.js';
import type { RoomEvent } from './room-event.js';
import type { RoomRole } from './room-view.js';

/** An event of a module's own, to be appended to a room's log. */
export interface AppendInput {
  readonly roomId: string;
  readonly actor: Actor;
  /** `<prefix>.<past participle>`, not one of the service's own types. */
  readonly type: string;
  /** Joins the event on the wire: at most 16 KiB as JSON, and none of the five properties that every event has. */
  readonly body: object;
  /** The least role that the actor must have in the room at the moment of the append. */
  readonly require: Extract<RoomRole, 'member' | 'admin'>;
}

/** What was stored. */
export interface Committed {
  readonly event: RoomEvent;
  /** True when the same append had been stored before, and this is the event it made then. */
  readonly duplicate: boolean;
}

/** An append on its way. */
export interface Append<Result> {
  /** Resolves when the append has its place in the order, rejects when it was turned away before that. */
  readonly admitted: Promise<void>;
  /** Resolves when it is stored as durably as `DURABILITY` says. */
  readonly committed: Promise<Result>;
}

/** The door to the rooms' logs. */
export abstract class RoomLog {
  abstract append(input: AppendInput): Append<Committed>;
}
