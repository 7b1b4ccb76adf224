/**
 * One line of what several processes wrote down while parts of a cluster failed. Times are milliseconds of the machine's monotonic
 * clock, which is one for all its processes.
 */
export type FaultRecord = { readonly t: number } & (
  | Attached
  | { readonly kind: 'detach'; readonly connection: string; readonly code: number; readonly reason: string }
  | Pushed
  | Synced
  /** An answer to `room.sync` that calls a room removed: what was missed of it is not to be had any more. */
  | { readonly kind: 'gone'; readonly connection: string; readonly room: string }
  | Invoked
  /** A request other than a send was answered that was made at `askedT`. */
  | { readonly kind: 'answered'; readonly connection: string; readonly askedT: number }
  | {
      readonly kind: 'ok';
      readonly attempt: string;
      readonly seq: number;
      readonly isDuplicate: boolean;
    }
  /** `fail`: nothing was stored; `info`: nobody knows. */
  | { readonly kind: 'fail' | 'info'; readonly attempt: string; readonly code: string }
  | { readonly kind: 'presence'; readonly connection: string; readonly user: string; readonly status: string }
  | NemesisRecord
);

/**
 * `calm`, `rest`: clients begin to be served as they will be, and end to ask. `hang`, `resumed`: PostgreSQL or Redis hangs. The name of
 * these is empty; that of `stop` and `stopped`, of a node that was asked to end and has, is its address.
 */
export interface NemesisRecord {
  readonly kind: 'calm' | 'fault' | 'heal' | 'rest' | 'hang' | 'resumed' | 'stop' | 'stopped';
  readonly name: string;
}

/** A connection got its `ready`. A client is a device: it goes on with another connection where it stood. */
export interface Attached {
  readonly kind: 'attach';
  readonly connection: string;
  readonly client: string;
  readonly user: string;
  /** The address that it was opened at. */
  readonly node: string;
}

/** A push that names a room: `room.event`, `room.added`, `room.removed`, or another one, which is forgotten after it. */
export interface Pushed {
  readonly kind: 'event' | 'added' | 'removed' | 'ephemeral';
  readonly connection: string;
  readonly room: string;
  /** Of an event; of `room.added` the head. */
  readonly seq: number;
  /** What an ephemeral one is called. */
  readonly name?: string;
}

/** A room in an answer to `room.sync`; `after` is where the client stood, `null` where it did not know the room. */
export interface Synced {
  readonly kind: 'synced';
  readonly connection: string;
  readonly room: string;
  readonly after: number | null;
  readonly seqs: readonly number[];
}

/** `message.send`; a repetition is an attempt of its own. */
export interface Invoked {
  readonly kind: 'invoke';
  readonly attempt: string;
  readonly connection: string;
  readonly user: string;
  readonly room: string;
  readonly clientId: string;
  readonly text: string;
}

/** An event as it stands in the database in the end. */
export interface StoredEvent {
  readonly room: string;
  readonly seq: number;
  readonly type: string;
  /** Whom a `member.…` event is about. */
  readonly userId?: string;
  readonly message?: StoredMessage;
}

export interface StoredMessage {
  readonly senderId: string;
  readonly clientId: string;
  readonly text: string;
}

export interface FaultHistory {
  /** In the order of their times. */
  readonly records: readonly FaultRecord[];
  /** All events by room, in the order of their `seq`. */
  readonly logs: ReadonlyMap<string, readonly StoredEvent[]>;
}

/** A promise that was broken, and when; without a time: by the end. */
export interface Breach {
  readonly check: 'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C9' | 'C10';
  readonly message: string;
  readonly t?: number;
}
