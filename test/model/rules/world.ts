/** What the rules are about: everything that the service remembers, in the simplest shape that can hold it. */
export interface World {
  readonly users: ReadonlyMap<string, ModelUser>;
  /** In the order of their creation. */
  readonly rooms: Map<string, ModelRoom>;
  /** `blocker blocked` */
  readonly blocks: Set<string>;
  /** What the request that is being answered pushes, in order. */
  readonly pushes: ModelPush[];
  /** Counts what happens, so that activity and changed positions have an order. */
  ticks: number;
}

export interface ModelUser {
  readonly id: string;
  readonly username: string;
}

export type Role = 'owner' | 'admin' | 'member';

export interface ModelRoom {
  readonly id: string;
  readonly kind: 'direct' | 'group' | 'channel';
  name: string | null;
  topic: string | null;
  readonly creatorId: string;
  readonly clientId: string | null;
  isArchived: boolean;
  /** The tick of its last event. */
  activeAt: number;
  readonly log: ModelEvent[];
  /** The longest-standing first. */
  readonly members: Map<string, ModelMember>;
  readonly messages: Map<number, ModelMessage>;
  /** The `seq` of pinned messages, the newest pin last. */
  pins: number[];
  readonly banned: Set<string>;
  readonly silenced: Set<string>;
}

export interface ModelMember {
  readonly userId: string;
  role: Role;
  readonly joinedSeq: number;
  readSeq: number;
  muted: boolean | string;
  /** Positions in threads, by the root's `seq`. */
  readonly threads: Map<number, number>;
  /** The tick at which the position or the mute changed last. */
  changedAt: number;
}

export interface ModelMessage {
  readonly seq: number;
  readonly id: string;
  readonly senderId: string;
  readonly clientId: string;
  /** What was sent, to tell a repetition from another message. */
  readonly said: string;
  text: string;
  meta: object | null;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  mentions: string[];
  /** In the order in which each emoji came to be there. */
  reactions: { emoji: string; userIds: string[] }[];
  isEdited: boolean;
  isDeleted: boolean;
}

export interface ModelEvent {
  readonly seq: number;
  readonly type: string;
  readonly actorId: string;
  readonly body: object;
  /** The message that the event shows, as it is now. */
  readonly shows?: ModelMessage;
}

/** A push to every connection of a user. */
export interface ModelPush {
  readonly userId: string;
  readonly event: string;
  readonly data: object;
  /** The contract does not say that it must come. */
  readonly isOptional?: boolean;
}

/** A request as the rules see it. */
export interface Call {
  readonly callerId: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** What only the service can choose: ids, and the order in which users were added. */
  readonly chosen: { readonly id?: string; readonly added?: readonly string[] };
}

/** The request is answered with a failure of this code. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export function createWorld(users: readonly ModelUser[]): World {
  return {
    users: new Map(users.map((user) => [user.id, user])),
    rooms: new Map(),
    blocks: new Set(),
    pushes: [],
    ticks: 0,
  };
}

export const headOf = (room: ModelRoom): number => room.log.length;

const RANKS: Readonly<Record<Role, number>> = { owner: 2, admin: 1, member: 0 };

export const hasRank = (role: Role, least: Role): boolean => RANKS[role] >= RANKS[least];

export function demand(isSo: boolean, code: string): asserts isSo {
  if (!isSo) throw new Refusal(code);
}

export interface Standing {
  readonly room: ModelRoom;
  readonly member: ModelMember;
}

/** The caller as a member who reads. */
export function readerIn(world: World, { callerId, data }: Call): Standing {
  const room = world.rooms.get(String(data['roomId']));
  const member = room?.members.get(callerId);
  if (!room || !member) throw new Refusal('NOT_FOUND');
  return { room, member };
}

/** The caller as a member who writes: a channel is known to strangers, and an archived room takes nothing. */
export function writerIn(world: World, call: Call): Standing {
  const room = world.rooms.get(String(call.data['roomId']));
  if (room?.kind === 'channel') demand(room.members.has(call.callerId), 'FORBIDDEN');
  const standing = readerIn(world, call);
  demand(!standing.room.isArchived, 'FORBIDDEN');
  return standing;
}

/** The caller as one who runs the room. */
export function ruler(world: World, call: Call, least: Role): Standing {
  const standing = writerIn(world, call);
  demand(standing.room.kind !== 'direct', 'FORBIDDEN');
  demand(hasRank(standing.member.role, least), 'FORBIDDEN');
  return standing;
}

export function isBlocked(world: World, blockerId: string, blockedId: string): boolean {
  return world.blocks.has(`${blockerId} ${blockedId}`);
}

/** Whether the other one in a direct room has blocked the user. */
export function isShutOut(world: World, room: ModelRoom, userId: string): boolean {
  if (room.kind !== 'direct') return false;
  return [...room.members.keys()].some((otherId) => isBlocked(world, otherId, userId));
}
