import {
  insertingMany,
  keyIn,
  type MembersTable,
  type MentionsTable,
  type MessagesTable,
  type RoomEventsTable,
  type RoomsTable,
  withManyKeys,
} from '../../records/index.js';

export const insertEvents = insertingMany<RoomEventsTable>(
  ['room_id', 'seq', 'type', 'ordinal', 'actor_id', 'at', 'message_seq', 'body'],
  (db, rows) => db.insertInto('room_events').values(rows),
);

export const insertMessages = insertingMany<MessagesTable>(
  [
    'room_id',
    'seq',
    'id',
    'sender_id',
    'client_id',
    'request_hash',
    'text',
    'created_at',
    'edited_at',
    'deleted_at',
    'reply_to',
    'thread_seq',
    'reply_count',
    'mentions',
    'meta',
    'attachments',
  ],
  (db, rows) => db.insertInto('messages').values(rows),
);

export const insertMentions = insertingMany<MentionsTable>(['user_id', 'room_id', 'seq'], (db, rows) =>
  db.insertInto('mentions').values(rows),
);

/** Inserts new rooms, and brings those that are there up to date. */
export const upsertRooms = insertingMany<RoomsTable>(
  [
    'id',
    'kind',
    'name',
    'topic',
    'head',
    'ordinal',
    'floor',
    'floor_ordinal',
    'member_count',
    'direct_key',
    'creator_id',
    'client_id',
    'created_at',
    'archived_at',
    'last_active_at',
  ],
  (db, rows) =>
    db
      .insertInto('rooms')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((row) => ({
          name: row.ref('excluded.name'),
          topic: row.ref('excluded.topic'),
          archived_at: row.ref('excluded.archived_at'),
          head: row.ref('excluded.head'),
          ordinal: row.ref('excluded.ordinal'),
          member_count: row.ref('excluded.member_count'),
          last_active_at: row.ref('excluded.last_active_at'),
        })),
      ),
);

/** Inserts new members, and brings those that are there up to date. */
export const upsertMembers = insertingMany<MembersTable>(
  [
    'room_id',
    'user_id',
    'role',
    'joined_at',
    'joined_seq',
    'read_seq',
    'read_ordinal',
    'muted_until',
    'changed_commit',
  ],
  (db, rows) =>
    db
      .insertInto('members')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['room_id', 'user_id']).doUpdateSet((row) => ({
          role: row.ref('excluded.role'),
          joined_at: row.ref('excluded.joined_at'),
          joined_seq: row.ref('excluded.joined_seq'),
          read_seq: row.ref('excluded.read_seq'),
          read_ordinal: row.ref('excluded.read_ordinal'),
          muted_until: row.ref('excluded.muted_until'),
          changed_commit: row.ref('excluded.changed_commit'),
        })),
      ),
);

/** Deletes members by `[room_id, user_id]`. */
export const deleteMembers = withManyKeys((db, keys) =>
  db.deleteFrom('members').where(keyIn(['room_id', 'user_id'], keys)),
);

/** Rooms by `[creator_id, client_id]`. */
export const roomsByRequest = withManyKeys((db, keys) =>
  db
    .selectFrom('rooms')
    .selectAll()
    .where(keyIn(['creator_id', 'client_id'], keys)),
);
