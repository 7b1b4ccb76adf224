/**
 * One durable change of a room, exactly as it goes over the wire: these five properties, and beside them what its
 * `type` carries. A node passes on types that it does not know.
 */
export interface RoomEvent {
  readonly roomId: string;
  /** Its place in the room's log: 1, 2, 3 … without a gap. */
  readonly seq: number;
  readonly type: string;
  /** Whose act it was; `null`: the service's. */
  readonly actorId: string | null;
  /** ISO 8601, never before that of the event before it. */
  readonly at: string;
  readonly [key: string]: unknown;
}

/** Whose membership begins or ends with the event; nobody's with most. */
export function membersIn({ type, ...event }: RoomEvent): readonly string[] {
  if (type === 'member.joined' || type === 'member.left') return [String(event['userId'])];
  if (type !== 'members.changed') return [];
  return [...(event['joined'] as string[]), ...(event['left'] as string[])];
}

/** What the bus carries on a room's channel after a commit: its new events in their order. */
export interface RoomCommitted {
  readonly events: readonly RoomEvent[];
}

/** What the bus carries on a room's channel when the oldest events of its log, these, are no longer kept. */
export interface RoomDropped {
  readonly dropped: { readonly from: number; readonly until: number };
}

/** What the bus carries on a user's channel when a room's log says that the user joined it or left it. */
export interface MembershipChanged {
  readonly type: 'membership';
  readonly roomId: string;
  /** The `member.joined` or `member.left` of that user, or the `members.changed` that stands for it. */
  readonly seq: number;
}

/** The bus channel of a room. */
export const roomChannel = (roomId: string): string => `room:${roomId}`;

/** The bus channel of a user. */
export const userChannel = (userId: string): string => `user:${userId}`;
