import type { RoomRole } from '../../../records/index.js';

interface OfRoom {
  readonly roomId: string;
  readonly actorId: string;
}

/** Something that is done to a member, or to one who was. */
interface OfMember extends OfRoom {
  readonly userId: string;
}

/** Gives a room another name or topic; what is left out stays. */
export interface UpdateRoom extends OfRoom {
  readonly change: 'update';
  readonly name?: string;
  readonly topic?: string;
}

export interface ArchiveRoom extends OfRoom {
  readonly change: 'archive';
}

export interface RemoveMember extends OfMember {
  readonly change: 'remove';
  /** Keeps the user out from now on, whether they are a member or not. */
  readonly isBan: boolean;
  /** False when `userId` names nobody. */
  readonly isUserKnown: boolean;
}

export interface UnbanUser extends OfMember {
  readonly change: 'unban';
}

export interface ChangeRole extends OfMember {
  readonly change: 'role';
  readonly role: RoomRole;
}

export interface SilenceMember extends OfMember {
  readonly change: 'silence';
  /** 0 ends it. */
  readonly seconds: number;
}

/** What those who run a room can do to it and to its members. */
export type AdministrationChange =
  UpdateRoom | ArchiveRoom | RemoveMember | UnbanUser | ChangeRole | SilenceMember;

const CHANGES: ReadonlySet<string> = new Set<AdministrationChange['change']>([
  'update',
  'archive',
  'remove',
  'unban',
  'role',
  'silence',
]);

/** Whether the change is one of these. */
export function isAdministration<Other extends { readonly change: string }>(
  change: Other,
): change is Extract<Other, AdministrationChange> {
  return CHANGES.has(change.change);
}
