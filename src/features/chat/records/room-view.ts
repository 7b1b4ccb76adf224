import type { MessageView } from './message-view.js';

export type RoomKind = 'direct' | 'group' | 'channel';

/** From the highest rank to the lowest. */
export type RoomRole = 'owner' | 'admin' | 'member';

const RANKS: Readonly<Record<RoomRole, number>> = { owner: 2, admin: 1, member: 0 };

/** True when `role` is `least` or higher. */
export function hasRank(role: RoomRole, least: RoomRole): boolean {
  return RANKS[role] >= RANKS[least];
}

/** What anyone who may see a room sees of it. */
export interface RoomFacts {
  readonly id: string;
  readonly kind: RoomKind;
  readonly name: string | null;
  readonly topic: string | null;
  readonly createdAt: string;
  readonly archivedAt: string | null;
  readonly head: number;
  /** The oldest `seq` still kept. */
  readonly floor: number;
  readonly memberCount: number;
  /** The two users of a direct room. */
  readonly userIds?: readonly string[];
}

/** A room as one of its members sees it. */
export interface RoomView extends RoomFacts {
  readonly role: RoomRole;
  readonly readSeq: number;
  /** Root messages after `readSeq`. */
  readonly unread: number;
  /** Undeleted messages and replies after `readSeq` that name the caller. */
  readonly mentions: number;
  /** `false`, `true` (for ever) or the time until which. */
  readonly muted: boolean | string;
  readonly lastMessage: MessageView | null;
}
