/** What section 6 of the protocol says of `room.sync`, without a store: every event, message and position is at hand. */
export interface ModelEvent {
  readonly seq: number;
  readonly type: string;
  readonly atMs: number;
  /** The message that it shows. */
  readonly messageSeq: number | undefined;
}

export interface ModelRoom {
  readonly id: string;
  /** Dropped ones too: `floor` says what is kept. */
  readonly events: ModelEvent[];
  /** The words of each message now; none once it is deleted. */
  readonly texts: Map<number, string>;
  floor: number;
  /** Undefined: the user is no member. */
  own: OwnPosition | undefined;
}

export interface OwnPosition {
  readSeq: number;
  isMuted: boolean;
  /** Rises with every change of a position of the user's. */
  version: number;
}

export interface ModelRequest {
  readonly epoch: 'this' | 'another' | 'unsaid';
  /** In the order of the request; ids of no room are among them. */
  readonly rooms: ReadonlyMap<string, number>;
  readonly isRestWanted: boolean;
  readonly limit: number;
}

/** A room of an answer without bounds. */
export interface ExpectedRoom {
  readonly id: string;
  readonly seqs: readonly number[];
  readonly head: number;
  /** Which end of the events stays when there is no space for all. */
  readonly keeps: 'start' | 'end';
  readonly isReset: boolean;
  readonly isTruncated: boolean;
}

export const headOf = (room: ModelRoom): number => room.events.length;

const lastActiveMs = (room: ModelRoom): number => room.events.at(-1)?.atMs ?? 0;

/** Last active first, rooms of the same moment by their ids. */
export function expectedRooms(rooms: Iterable<ModelRoom>, request: ModelRequest): ExpectedRoom[] {
  return [...rooms]
    .filter(({ own }) => own !== undefined)
    .toSorted((one, other) => lastActiveMs(other) - lastActiveMs(one) || (one.id < other.id ? -1 : 1))
    .flatMap((room) => expectedRoom(room, request) ?? []);
}

export function expectedRemovals(rooms: ReadonlyMap<string, ModelRoom>, request: ModelRequest): string[] {
  return [...request.rooms.keys()].filter((id) => rooms.get(id)?.own === undefined);
}

/** Root messages after the position: in these histories all messages are. What was dropped counts as read. */
export function unreadOf(room: ModelRoom): number {
  const after = Math.max(room.own?.readSeq ?? 0, room.floor - 1);
  return room.events.filter(({ type, seq }) => type === 'message' && seq > after).length;
}

function expectedRoom(room: ModelRoom, request: ModelRequest): ExpectedRoom | undefined {
  const named = request.rooms.get(room.id);
  const head = headOf(room);
  const common = { id: room.id, head };
  const newest = { seqs: kept(room, head - request.limit).slice(-request.limit), keeps: 'end' as const };
  if (named === undefined) {
    return request.isRestWanted ? { ...common, ...newest, isReset: false, isTruncated: false } : undefined;
  }
  if (request.epoch === 'another' || named > head) {
    return { ...common, ...newest, isReset: true, isTruncated: false };
  }
  if (named === head) return undefined;
  const seqs = kept(room, named).slice(0, request.limit);
  return { ...common, seqs, keeps: 'start', isReset: false, isTruncated: named + 1 < room.floor };
}

function kept({ events, floor }: ModelRoom, after: number): number[] {
  return events.map(({ seq }) => seq).filter((seq) => seq > after && seq >= floor);
}
