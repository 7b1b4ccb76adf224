import type { AttachmentView, MessageView, ReactionView } from './message-view.js';
import type { RoomEvent } from './room-event.js';
import type { RoomFacts } from './room-view.js';
import type { MessagesTable, RoomEventsTable, RoomsTable } from './tables.js';

/** Milliseconds since 1970 as the wire has them. */
export function iso(atMs: number): string;
export function iso(atMs: number | null): string | null;
export function iso(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

/** A message as answers have it. */
export function messageView(row: MessagesTable, reactions: readonly ReactionView[] = []): MessageView {
  return {
    id: row.id,
    roomId: row.room_id,
    seq: row.seq,
    senderId: row.sender_id,
    text: row.text,
    clientId: row.client_id,
    createdAt: iso(row.created_at),
    editedAt: iso(row.edited_at),
    deletedAt: iso(row.deleted_at),
    replyTo: row.reply_to,
    threadSeq: row.thread_seq,
    replyCount: row.reply_count,
    mentions: JSON.parse(row.mentions) as string[],
    attachments: JSON.parse(row.attachments) as AttachmentView[],
    reactions,
    meta: row.meta === null ? null : (JSON.parse(row.meta) as object),
  };
}

/**
 * An event as the wire has it. With its message it carries no counts of what others did to it: a push is the same
 * bytes for everyone, whenever it is read.
 */
export function eventView(row: RoomEventsTable, message?: MessagesTable): RoomEvent {
  const event = {
    roomId: row.room_id,
    seq: row.seq,
    type: row.type,
    actorId: row.actor_id,
    at: iso(row.at),
  };
  if (message) return { ...event, message: { ...messageView(message), replyCount: 0 } };
  return row.body === null ? event : { ...event, ...(JSON.parse(row.body) as object) };
}

/** A room as anyone who may see it sees it, at its head. */
export function roomFacts(row: RoomsTable): RoomFacts {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    topic: row.topic,
    createdAt: iso(row.created_at),
    archivedAt: iso(row.archived_at),
    head: row.head,
    floor: row.floor,
    memberCount: row.member_count,
    ...(row.direct_key !== null && { userIds: row.direct_key.split(':') }),
  };
}

/** The key that the two of a direct room share. */
export function directKey(one: string, other: string): string {
  return one < other ? `${one}:${other}` : `${other}:${one}`;
}
