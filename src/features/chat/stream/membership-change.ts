import type { RoomEvent, RoomRole } from '../log/index.js';

/** Why a room is gone for a user. */
export type RemovalReason = 'left' | 'removed' | 'banned';

/** One user's coming or going, at its place in a room's log. */
export interface MembershipChange {
  readonly roomId: string;
  readonly seq: number;
  readonly userId: string;
  readonly role: RoomRole;
  /** Undefined when the user joined. */
  readonly removal?: RemovalReason;
}

/** What an event says about who is a member; empty for most. */
export function membershipChangesOf(event: RoomEvent): MembershipChange[] {
  const { roomId, seq } = event;
  const role = (event['role'] ?? 'member') as RoomRole;
  switch (event.type) {
    case 'member.joined':
      return [{ roomId, seq, userId: String(event['userId']), role }];
    case 'member.left':
      return [{ roomId, seq, userId: String(event['userId']), role, removal: removalOf(event) }];
    case 'members.changed':
      return [
        ...idsOf(event, 'joined').map((userId) => ({ roomId, seq, userId, role })),
        ...idsOf(event, 'left').map((userId) => ({ roomId, seq, userId, role, removal: 'left' as const })),
      ];
    default:
      return [];
  }
}

function removalOf(event: RoomEvent): RemovalReason {
  if (event['banned'] === true) return 'banned';
  return event.actorId === event['userId'] ? 'left' : 'removed';
}

function idsOf(event: RoomEvent, property: 'joined' | 'left'): readonly string[] {
  return event[property] as readonly string[];
}
