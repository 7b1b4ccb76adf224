import {
  directKey,
  type MessageView,
  type RoomEvent,
  type RoomKind,
  type StreamsTable,
} from '../../records/index.js';
import type { AdministrationChange } from './administration/changes.js';
import type { RoomSizes } from '../../room-sizes.js';
import type { LifecycleChange } from './lifecycle/changes.js';
import type { StreamChange } from './streaming/changes.js';
import type { Interest } from './outbox/interest.js';
import type { PlainQuery } from '../../../../storage/index.js';

/** Who acts; null is the service, whose rights are not checked. */
type ActorId = string | null;

export interface CreateRoom {
  readonly change: 'create';
  /** The new room's id. */
  readonly roomId: string;
  readonly actorId: string;
  readonly kind: RoomKind;
  readonly name: string | null;
  readonly topic: string | null;
  /** The other members. */
  readonly memberIds: readonly string[];
  /** False when one of `memberIds` names nobody: refused, unless the room was created by an earlier request. */
  readonly areMembersKnown: boolean;
  readonly clientId: string | null;
}

export interface JoinRoom {
  readonly change: 'join';
  readonly roomId: string;
  readonly actorId: string;
}

export interface LeaveRoom {
  readonly change: 'leave';
  readonly roomId: string;
  readonly actorId: string;
}

export interface AddMembers {
  readonly change: 'add';
  readonly roomId: string;
  readonly actorId: string;
  /** Users who exist, each once. */
  readonly userIds: readonly string[];
}

export interface SendMessage {
  readonly change: 'send';
  readonly roomId: string;
  readonly actorId: string;
  readonly id: string;
  readonly clientId: string;
  readonly requestHash: string;
  readonly text: string;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  /** JSON. */
  readonly meta: string | null;
  /** Uploads of the actor's in this room, each once, that no message has named yet. */
  readonly attachmentIds: readonly string[];
  /** Users named in the text; those of them who are members are mentioned. */
  readonly namedIds: readonly string[];
}

/** An event of an add-on's own, with its rows and its conditions. */
export interface ModuleEvent {
  readonly change: 'module';
  readonly roomId: string;
  readonly actorId: ActorId;
  readonly type: string;
  /** JSON object. */
  readonly body: string;
  readonly require: 'member' | 'admin';
  readonly project: readonly PlainQuery[];
  readonly assert: readonly PlainQuery[];
}

/** What can be done to rooms. Each is checked and stored inside the transaction of its batch. */
export type Change =
  | CreateRoom
  | JoinRoom
  | LeaveRoom
  | AddMembers
  | SendMessage
  | LifecycleChange
  | AdministrationChange
  | StreamChange
  | ModuleEvent;

export interface Batch {
  /** Wall time in milliseconds. */
  readonly nowMs: number;
  readonly changes: readonly Change[];
  /** For whom the new events are also noted in the outbox. Default: nobody. */
  readonly interests?: readonly Interest[];
  /** Default: no room is large, and none is full. */
  readonly sizes?: RoomSizes;
}

export interface Stored {
  readonly outcome: 'stored';
  readonly roomId: string;
  /** True when an earlier request had stored it, and this one stored nothing. */
  readonly duplicate: boolean;
  /**
   * What was appended; empty when the change changed nothing. In a large room several outcomes of one batch may give the
   * same `members.changed`, as it is at the end of the batch.
   */
  readonly events: readonly RoomEvent[];
  /** Who became a member by this change, if it was about others. */
  readonly added?: readonly string[];
  /** The message of a `send`, or the one that something was done to, as the actor is answered it. */
  readonly message?: MessageView;
  /** The stream that was opened, or is open under its `clientId` already. */
  readonly stream?: StreamsTable;
}

export interface Refused {
  readonly outcome: 'refused';
  readonly code: 'NOT_FOUND' | 'FORBIDDEN' | 'CONFLICT' | 'VALIDATION_FAILED' | 'RATE_LIMITED';
  readonly message: string;
  /** The property at fault, with `VALIDATION_FAILED`. */
  readonly path?: string;
  /** When the same request may succeed. */
  readonly retryAfterMs?: number;
}

/** A fault of the add-on's queries. */
export interface Failed {
  readonly outcome: 'failed';
  readonly message: string;
}

/**
 * Nothing was done, and the change is to come again with those of its room that follow it. `unlocked`: another commit has
 * the room. `rules`: a quick look does not say what becomes of it.
 */
export interface Deferred {
  readonly outcome: 'deferred';
  readonly until: 'unlocked' | 'rules';
}

/** What became of one change: its own, whatever becomes of the others in its batch. */
export type Outcome = Stored | Refused | Failed;

export const LOCKED: Deferred = { outcome: 'deferred', until: 'unlocked' };

export const NO_ROOM: Refused = { outcome: 'refused', code: 'NOT_FOUND', message: 'room not found' };

export function forbid(message: string): Refused {
  return { outcome: 'refused', code: 'FORBIDDEN', message };
}

/** The key of the direct room that a creation asks for; null when it asks for none. */
export function pairOf({ kind, actorId, memberIds: [other] }: CreateRoom): string | null {
  return kind === 'direct' && other !== undefined ? directKey(actorId, other) : null;
}
