import type {
  MembersTable,
  MentionsTable,
  MessagesTable,
  RoomEventsTable,
  RoomsTable,
} from '../../records/index.js';
import { ANY_SIZE, type RoomSizes } from '../../room-sizes.js';
import { Listings } from './administration/listings.js';
import { Restrictions } from './administration/restrictions.js';
import { NamedAttachments } from './attachments/named-attachments.js';
import { KnownBlocks } from './blocks/known-blocks.js';
import { Gatherings } from './large-rooms/gatherings.js';
import { Marks } from './lifecycle/marks.js';
import type { Interest } from './outbox/interest.js';
import { KnownStreams } from './streaming/known-streams.js';

/** What a new event says beside what every event has. */
export interface EventInput {
  readonly type: string;
  readonly actorId: string | null;
  /** JSON object. */
  readonly body?: string;
  /** The event is a message of its own; a root message also raises the ordinal. */
  readonly carries?: 'root message' | 'reply';
  /** The event shows this earlier message, as it is whenever the event is read. */
  readonly messageSeq?: number;
}

/** Rows to be written, in no particular order within a table. */
export interface Pending {
  readonly rooms: RoomsTable[];
  readonly events: RoomEventsTable[];
  readonly messages: MessagesTable[];
  readonly mentions: MentionsTable[];
  readonly members: MembersTable[];
  readonly leavers: MembersTable[];
  /** Stored messages that got replies. */
  readonly answered: MessagesTable[];
  /** Messages with another content, new ones among them. */
  readonly rewritten: MessagesTable[];
  /** Mentions that are no more; they go before new ones come. */
  readonly unmentioned: MentionsTable[];
}

/** No part can hold the separator: the database takes no such text. */
const key = (...parts: readonly (string | number)[]): string => parts.join('\0');

/**
 * What a batch of changes knows and is about to write. Each change sees what those before it in the batch did, and
 * all that they did is written by a few statements together.
 */
export class Workspace {
  readonly attachments = new NamedAttachments();
  readonly blocks = new KnownBlocks();
  readonly gatherings = new Gatherings();
  readonly listings = new Listings();
  readonly marks = new Marks();
  readonly restrictions = new Restrictions();
  readonly streams = new KnownStreams();
  readonly #rooms = new Map<string, RoomsTable>();
  readonly #directRooms = new Map<string, RoomsTable>();
  readonly #creations = new Map<string, RoomsTable>();
  readonly #members = new Map<string, MembersTable>();
  readonly #messages = new Map<string, MessagesTable>();
  readonly #sent = new Map<string, MessagesTable>();

  readonly #changedRooms = new Set<RoomsTable>();
  readonly #changedMembers = new Set<MembersTable>();
  readonly #leavers = new Set<MembersTable>();
  readonly #answered = new Set<MessagesTable>();
  #events: RoomEventsTable[] = [];
  #newMessages: MessagesTable[] = [];
  readonly #rewritten = new Set<MessagesTable>();
  #mentions: MentionsTable[] = [];
  #unmentioned: MentionsTable[] = [];

  constructor(
    readonly nowMs: number,
    /** For whom new events are noted in the outbox. */
    readonly interests: readonly Interest[] = [],
    readonly sizes: RoomSizes = ANY_SIZE,
  ) {}

  room(roomId: string): RoomsTable | undefined {
    return this.#rooms.get(roomId);
  }

  directRoom(directKey: string): RoomsTable | undefined {
    return this.#directRooms.get(directKey);
  }

  creation(creatorId: string, clientId: string): RoomsTable | undefined {
    return this.#creations.get(key(creatorId, clientId));
  }

  member(roomId: string, userId: string): MembersTable | undefined {
    return this.#members.get(key(roomId, userId));
  }

  message(roomId: string, seq: number): MessagesTable | undefined {
    return this.#messages.get(key(roomId, seq));
  }

  sent(roomId: string, senderId: string, clientId: string): MessagesTable | undefined {
    return this.#sent.get(key(roomId, senderId, clientId));
  }

  knowRoom(room: RoomsTable): void {
    this.#rooms.set(room.id, room);
    if (room.direct_key !== null) this.#directRooms.set(room.direct_key, room);
    if (room.creator_id !== null && room.client_id !== null) {
      this.#creations.set(key(room.creator_id, room.client_id), room);
    }
  }

  knowMember(member: MembersTable): void {
    this.#members.set(key(member.room_id, member.user_id), member);
  }

  knowMessage(message: MessagesTable): void {
    this.#messages.set(key(message.room_id, message.seq), message);
    this.#sent.set(key(message.room_id, message.sender_id, message.client_id), message);
  }

  /** Knows a sent message that is below the floor: its repetition is known, but nothing can be done to it. */
  knowDropped(message: MessagesTable): void {
    this.#sent.set(key(message.room_id, message.sender_id, message.client_id), message);
  }

  /** A new room without events and members. */
  createRoom(
    room: Pick<RoomsTable, 'id' | 'kind' | 'name' | 'topic' | 'direct_key' | 'creator_id' | 'client_id'>,
  ): RoomsTable {
    const row: RoomsTable = {
      ...room,
      head: 0,
      ordinal: 0,
      floor: 1,
      floor_ordinal: 0,
      member_count: 0,
      created_at: this.nowMs,
      archived_at: null,
      last_active_at: this.nowMs,
    };
    this.knowRoom(row);
    this.listings.note(row);
    return row;
  }

  /** Gives an event the next place in the room's log. */
  append(room: RoomsTable, event: EventInput): RoomEventsTable {
    room.head += 1;
    if (event.carries === 'root message') room.ordinal += 1;
    room.last_active_at = Math.max(this.nowMs, room.last_active_at);
    this.#changedRooms.add(room);
    const row: RoomEventsTable = {
      room_id: room.id,
      seq: room.head,
      type: event.type,
      ordinal: room.ordinal,
      actor_id: event.actorId,
      at: room.last_active_at,
      message_seq: event.carries === undefined ? (event.messageSeq ?? null) : room.head,
      body: event.body ?? null,
    };
    this.#events.push(row);
    return row;
  }

  addMessage(message: MessagesTable, mentioned: readonly string[]): void {
    this.knowMessage(message);
    this.#newMessages.push(message);
    this.#mentions.push(...mentionsIn(message, mentioned));
  }

  /** Gives a message another content, and other mentions. */
  rewriteMessage(message: MessagesTable, values: Partial<MessagesTable>, mentioned: readonly string[]): void {
    const { room_id: roomId, seq } = message;
    this.#mentions = this.#mentions.filter((mention) => mention.room_id !== roomId || mention.seq !== seq);
    this.#unmentioned.push(...mentionsIn(message, JSON.parse(message.mentions) as string[]));
    this.#mentions.push(...mentionsIn(message, mentioned));
    Object.assign(message, values, { mentions: JSON.stringify(mentioned) });
    this.#rewritten.add(message);
  }

  /** Counts one more reply to the root of a thread, or one less. */
  countReply(root: MessagesTable, change: 1 | -1 = 1): void {
    root.reply_count += change;
    this.#answered.add(root);
  }

  addMember(room: RoomsTable, member: MembersTable): void {
    room.member_count += 1;
    this.#members.set(key(member.room_id, member.user_id), member);
    this.#changedMembers.add(member);
  }

  changeMember(member: MembersTable, values: Partial<MembersTable>): void {
    Object.assign(member, values);
    this.#changedMembers.add(member);
  }

  removeMember(room: RoomsTable, member: MembersTable): void {
    room.member_count -= 1;
    this.#members.delete(key(member.room_id, member.user_id));
    this.#changedMembers.delete(member);
    this.#leavers.add(member);
  }

  /** What is to be written; afterwards nothing is. */
  takePending(): Pending {
    this.gatherings.close();
    const fresh = new Set(this.#newMessages);
    const pending: Pending = {
      rooms: [...this.#changedRooms],
      events: this.#events,
      messages: this.#newMessages,
      mentions: this.#mentions,
      members: [...this.#changedMembers],
      leavers: [...this.#leavers],
      answered: [...this.#answered].filter((message) => !fresh.has(message)),
      rewritten: [...this.#rewritten],
      unmentioned: this.#unmentioned,
    };
    for (const set of [this.#changedRooms, this.#changedMembers, this.#leavers]) set.clear();
    for (const set of [this.#answered, this.#rewritten]) set.clear();
    [this.#events, this.#newMessages, this.#mentions, this.#unmentioned] = [[], [], [], []];
    return pending;
  }
}

function mentionsIn({ room_id, seq }: MessagesTable, userIds: readonly string[]): MentionsTable[] {
  return userIds.map((user_id) => ({ user_id, room_id, seq }));
}
