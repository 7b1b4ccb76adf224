import type { RoomKind, RoomRole } from './room-view.js';

/** Times are milliseconds since 1970 (UTC). */
export interface RoomsTable {
  id: string;
  kind: RoomKind;
  name: string | null;
  topic: string | null;
  /** `seq` of the last event. */
  head: number;
  /** Root messages up to the head. */
  ordinal: number;
  /** The oldest `seq` still kept; `head + 1` when none is. */
  floor: number;
  /** Root messages before the floor. */
  floor_ordinal: number;
  member_count: number;
  /** The two user ids of a direct room in their order, joined by a colon: there is one room for each pair. */
  direct_key: string | null;
  creator_id: string | null;
  client_id: string | null;
  created_at: number;
  archived_at: number | null;
  /** Time of the last event; no event of a room is older than the one before it. */
  last_active_at: number;
}

/** The truth. A message's words are not here but in `messages`, so that they are erased in one place. */
export interface RoomEventsTable {
  room_id: string;
  seq: number;
  type: string;
  /** Root messages up to this event: unread counts are differences of ordinals. */
  ordinal: number;
  actor_id: string | null;
  at: number;
  /** The message that the event carries as it is now; null when it carries none. */
  message_seq: number | null;
  /** JSON of what the type adds to the event; null when that is nothing, or only the message. */
  body: string | null;
}

export interface MessagesTable {
  room_id: string;
  seq: number;
  id: string;
  sender_id: string;
  client_id: string;
  /** Tells a repeated send from another message under the same `client_id`; null once the content is erased. */
  request_hash: string | null;
  text: string;
  created_at: number;
  edited_at: number | null;
  deleted_at: number | null;
  reply_to: number | null;
  thread_seq: number | null;
  reply_count: number;
  /** JSON list of the members named in the text. */
  mentions: string;
  /** JSON, as text and not in a JSON column: it is returned as it was sent. */
  meta: string | null;
  /** JSON list of the `AttachmentView`s that the message names; `[]` once the content is erased. */
  attachments: string;
}

/**
 * What is left of a message below the floor, for ever: enough that a repetition of its sending is known for one, and
 * that an edit which is still in the log shows its tombstone.
 */
export type DroppedMessagesTable = Pick<
  MessagesTable,
  | 'room_id'
  | 'sender_id'
  | 'client_id'
  | 'seq'
  | 'id'
  | 'created_at'
  | 'edited_at'
  | 'reply_to'
  | 'thread_seq'
> & { deleted_at: number };

export interface MembersTable {
  room_id: string;
  user_id: string;
  role: RoomRole;
  joined_at: number;
  joined_seq: number;
  read_seq: number;
  /** The ordinal at `read_seq`. */
  read_ordinal: number;
  /** Until when the member wants no notifications; null: they are wanted. */
  muted_until: number | null;
  /** The commit that last wrote this row: what the member's other devices have not seen yet is beyond it. */
  changed_commit: number;
}

/** `members.muted_until` of one who muted the room for ever: the last moment that there is a time for. */
export const FOR_EVER_MS = 8.64e15;

/** Who is kept out of a room, or silenced in it, whether they are a member or not. */
export interface RestrictionsTable {
  room_id: string;
  user_id: string;
  banned_at: number | null;
  silenced_until: number | null;
}

/** The channels that anyone finds: those that are not archived. */
export interface ChannelNamesTable {
  room_id: string;
  /** Null until the first start has folded the names that were there before this table. */
  folded_name: string | null;
}

export interface ChannelWordsTable {
  word: string;
  room_id: string;
}

/** Whom a message names, beside `messages.mentions`, so that a member's mentions can be counted. */
export interface MentionsTable {
  user_id: string;
  room_id: string;
  seq: number;
}

/** Who reacted with what to which message. */
export interface ReactionsTable {
  room_id: string;
  message_seq: number;
  user_id: string;
  emoji: string;
}

/** How many reacted so: the sums of `reactions`, so that showing a message never counts. */
export interface ReactionCountsTable {
  room_id: string;
  message_seq: number;
  emoji: string;
  /** Never 0. */
  count: number;
  /** The event of the reaction that made it more than 0: the order in which a message shows them. */
  first_seq: number;
}

export interface PinsTable {
  room_id: string;
  message_seq: number;
  /** The event that pinned it: the order in which pins are shown. */
  pinned_seq: number;
}

/** How far a member has read a thread; the position begins where they joined. */
export interface ThreadPositionsTable {
  room_id: string;
  user_id: string;
  thread_seq: number;
  read_seq: number;
}

/** One row. */
export interface LogStateTable {
  id: number;
  /** How many transactions have written members' rows. */
  commits: number;
}

/**
 * `uploading`: the bytes are on their way, or their upload has died. `kept`: they are all there. `released`: nobody may
 * have them any more, and they wait to be removed.
 */
export type AttachmentState = 'uploading' | 'kept' | 'released';

/** An upload that no message has named in this time is gone. */
export const UNNAMED_LIFE_MS = 86_400_000;

/** A file that was uploaded for a room; its bytes are a blob of the same id. */
export interface AttachmentsTable {
  id: string;
  room_id: string;
  uploader_id: string;
  /** Content, as the bytes are: empty once it is released. */
  name: string;
  mime_type: string;
  bytes: number;
  created_at: number;
  /** The message that names it; until then it is its uploader's alone. */
  message_seq: number | null;
  state: AttachmentState;
}

/** What a user has uploaded on one day (UTC, days since 1970), whatever has become of it. */
export interface UploadDaysTable {
  user_id: string;
  day: number;
  bytes: number;
}

/** One row: the secret that signs addresses of attachments, made at the first start. */
export interface AttachmentKeysTable {
  id: number;
  secret: string;
}

/** A consumer of the logs that events are kept for, whether this build has it or not. */
export interface LogConsumersTable {
  name: string;
  /** JSON: a list of types, or `"*"`. */
  types: string;
  /** Who hands it events; null, or `held_until` gone by: nobody, and anyone may. */
  holder: string | null;
  held_until: number;
}

/** A room with events for a consumer. There is no row when the consumer has had all of them. */
export interface OutboxTable {
  consumer: string;
  room_id: string;
  /** The consumer has had the room's events up to this one. */
  after_seq: number;
  /** The last event that was appended for it. */
  last_seq: number;
  /** Since when the room waits for its turn. */
  queued_at: number;
}

/** A room whose floor was raised, and by which transaction. On PostgreSQL only: the embedded database is one process's. */
export interface RaisedFloorsTable {
  room_id: string;
  floor: number;
  stored_commit: number;
}

/** A message that is said little by little, or what is left of it for a day: then it has no words any more. */
export interface StreamsTable {
  /** Also the id of the message that it becomes. */
  id: string;
  room_id: string;
  sender_id: string;
  /** The `client_id` of the message that it becomes. */
  client_id: string;
  /** As it was said up to a second ago; empty once it is closed. */
  text: string;
  reply_to: number | null;
  thread_seq: number | null;
  /** JSON; null once it is closed. */
  meta: string | null;
  created_at: number;
  /**
   * When somebody has to see to it: an open stream is then ended, an aborted one announced (at `closed_at`), and what
   * is left of either removed.
   */
  due_at: number;
  /** Null while it is open. */
  closed_at: number | null;
  /** The message that it became; null for one that was aborted. */
  message_seq: number | null;
}

export interface ChatTables {
  rooms: RoomsTable;
  room_events: RoomEventsTable;
  messages: MessagesTable;
  dropped_messages: DroppedMessagesTable;
  members: MembersTable;
  restrictions: RestrictionsTable;
  channel_names: ChannelNamesTable;
  channel_words: ChannelWordsTable;
  mentions: MentionsTable;
  reactions: ReactionsTable;
  reaction_counts: ReactionCountsTable;
  pins: PinsTable;
  thread_positions: ThreadPositionsTable;
  log_state: LogStateTable;
  attachments: AttachmentsTable;
  upload_days: UploadDaysTable;
  attachment_keys: AttachmentKeysTable;
  log_consumers: LogConsumersTable;
  outbox: OutboxTable;
  streams: StreamsTable;
  raised_floors: RaisedFloorsTable;
}
