/** A room of the caller, as far as it matters for what is news in it. */
export interface RoomState {
  readonly roomId: string;
  readonly head: number;
  /** The oldest `seq` still kept. */
  readonly floor: number;
}

/** What the client says of a room: the last `seq` it has, or nothing. */
export interface Named {
  readonly seq: number | undefined;
  /** The client's numbers belong to another life of the log. */
  readonly isOtherEpoch: boolean;
  /** Whether a room that the client did not name is wanted. */
  readonly isRestWanted: boolean;
  readonly limit: number;
}

/** The stretch of a room's log that the client is to be given. */
export interface RoomNews {
  readonly roomId: string;
  readonly after: number;
  readonly until: number;
  readonly head: number;
  readonly floor: number;
  /** Where an answer that is too small for all of it begins: `start` continues later, `end` shows the newest. */
  readonly keep: 'start' | 'end';
  readonly isReset: boolean;
  readonly isTruncated: boolean;
}

/** Decides what is news in one room; undefined when nothing is. */
export function newsOf(room: RoomState, named: Named): RoomNews | undefined {
  const { seq, limit } = named;
  if (seq === undefined) return named.isRestWanted ? newest(room, limit, false) : undefined;
  if (named.isOtherEpoch || seq > room.head) return newest(room, limit, true);
  return seq === room.head ? undefined : following(room, seq, limit);
}

function newest({ roomId, head, floor }: RoomState, limit: number, isReset: boolean): RoomNews {
  const after = Math.max(head - limit, floor - 1);
  return { roomId, after, until: head, head, floor, keep: 'end', isReset, isTruncated: false };
}

function following({ roomId, head, floor }: RoomState, seq: number, limit: number): RoomNews {
  const isTruncated = seq + 1 < floor;
  const after = isTruncated ? floor - 1 : seq;
  const until = Math.min(after + limit, head);
  return { roomId, after, until, head, floor, keep: 'start', isReset: false, isTruncated };
}
