/**
 * What happened, in the order in which one process saw it: what clients asked and were pushed. A `seq` is a place in a
 * room's log; a tick is the entry's own place in the history.
 */
export type Entry =
  /** A connection was attached; `heads` are the rooms of its user, read before `ready`. */
  | { readonly kind: 'attach'; readonly connection: string; readonly user: string; readonly heads: Heads }
  | { readonly kind: 'detach'; readonly connection: string }
  /** `room.event` */
  | {
      readonly kind: 'event';
      readonly connection: string;
      readonly room: string;
      readonly event: HistoryEvent;
    }
  /** `room.added`, with the `head` of its room. */
  | { readonly kind: 'added'; readonly connection: string; readonly room: string; readonly head: number }
  /** `room.removed` */
  | { readonly kind: 'removed'; readonly connection: string; readonly room: string; readonly reason: string }
  /** Any other push that names a room. */
  | { readonly kind: 'ephemeral'; readonly connection: string; readonly room: string; readonly name: string }
  | { readonly kind: 'invoke'; readonly send: number; readonly connection: string; readonly room: string }
  /** The send was stored at this `seq`; not for one that had been stored before. */
  | { readonly kind: 'stored'; readonly send: number; readonly seq: number };

export type Heads = Readonly<Record<string, number>>;

/** An event, as far as it matters who may see it where. */
export interface HistoryEvent {
  readonly seq: number;
  readonly type: string;
  readonly actorId: string | null;
  /** Whom a `member.…` event is about. */
  readonly userId?: string;
}

/** A history and, by room, the whole log as it was read when everything was over. */
export interface History {
  readonly entries: readonly Entry[];
  readonly logs: ReadonlyMap<string, readonly HistoryEvent[]>;
}

/** A promise that was broken. */
export interface Violation {
  /** The row of the table of checks. */
  readonly check: 'C4' | 'C5' | 'C6';
  readonly message: string;
}
