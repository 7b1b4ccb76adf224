import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { DialectName, Migration } from '../../../storage/index.js';
import { administrationMigrations } from './migrations/administration.migrations.js';
import { attachmentMigrations } from './migrations/attachments.migrations.js';
import { consumerMigrations } from './migrations/consumers.migrations.js';
import { lifecycleMigrations } from './migrations/lifecycle.migrations.js';
import { newsMigrations } from './migrations/news.migrations.js';
import { inParts } from './migrations/partitions.migrations.js';
import { retentionMigrations } from './migrations/retention.migrations.js';
import { searchMigrations } from './migrations/search.migrations.js';
import { sendingMigrations } from './migrations/sending.migrations.js';
import { streamingMigrations } from './migrations/streaming.migrations.js';
import type { ChatTables } from './tables.js';

/** Chat's schema, step by step. */
export const chatMigrations: readonly Migration[] = [
  {
    name: 'chat/0001-rooms-and-their-logs',
    up: (schema, dialect) => [
      rooms(schema),
      schema.schema.createIndex('rooms_creation').on('rooms').columns(['creator_id', 'client_id']).unique(),
      ...roomEvents(schema, dialect),
      ...messages(schema, dialect),
      schema.schema
        .createIndex('messages_sent')
        .on('messages')
        .columns(['room_id', 'sender_id', 'client_id'])
        .unique(),
      schema.schema
        .createIndex('messages_thread')
        .on('messages')
        .columns(['room_id', 'thread_seq', 'seq'])
        .where('thread_seq', 'is not', null),
      members(schema, dialect),
      schema.schema.createIndex('members_rooms').on('members').columns(['user_id', 'room_id']),
      schema.schema.createIndex('members_standing').on('members').columns(['room_id', 'joined_seq']),
      mentions(schema, dialect),
      logState(schema),
      (schema as Kysely<ChatTables>).insertInto('log_state').values({ id: 1, commits: 0 }),
    ],
  },
  ...administrationMigrations,
  ...attachmentMigrations,
  ...consumerMigrations,
  ...lifecycleMigrations,
  ...newsMigrations,
  ...retentionMigrations,
  ...searchMigrations,
  ...sendingMigrations,
  ...streamingMigrations,
];

function rooms(db: Kysely<unknown>) {
  return db.schema
    .createTable('rooms')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('topic', 'text')
    .addColumn('head', 'bigint', (column) => column.notNull())
    .addColumn('ordinal', 'bigint', (column) => column.notNull())
    .addColumn('floor', 'bigint', (column) => column.notNull())
    .addColumn('member_count', 'integer', (column) => column.notNull())
    .addColumn('direct_key', 'text', (column) => column.unique())
    .addColumn('creator_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('archived_at', 'bigint')
    .addColumn('last_active_at', 'bigint', (column) => column.notNull());
}

function roomEvents(db: Kysely<unknown>, dialect: DialectName) {
  const table = db.schema
    .createTable('room_events')
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('ordinal', 'bigint', (column) => column.notNull())
    .addColumn('actor_id', 'text')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('message_seq', 'bigint')
    .addColumn('body', 'text')
    .addPrimaryKeyConstraint('room_events_key', ['room_id', 'seq']);
  return dialect === 'sqlite' ? [clustered(table, dialect)] : inParts(db, 'room_events', table);
}

function messages(db: Kysely<unknown>, dialect: DialectName) {
  const table = db.schema
    .createTable('messages')
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('sender_id', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('request_hash', 'text')
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('edited_at', 'bigint')
    .addColumn('deleted_at', 'bigint')
    .addColumn('reply_to', 'bigint')
    .addColumn('thread_seq', 'bigint')
    .addColumn('reply_count', 'integer', (column) => column.notNull())
    .addColumn('mentions', 'text', (column) => column.notNull())
    .addColumn('meta', 'text')
    .addPrimaryKeyConstraint('messages_key', ['room_id', 'seq']);
  return dialect === 'sqlite' ? [table] : inParts(db, 'messages', table);
}

function members(db: Kysely<unknown>, dialect: DialectName) {
  const table = db.schema
    .createTable('members')
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('joined_at', 'bigint', (column) => column.notNull())
    .addColumn('joined_seq', 'bigint', (column) => column.notNull())
    .addColumn('read_seq', 'bigint', (column) => column.notNull())
    .addColumn('read_ordinal', 'bigint', (column) => column.notNull())
    .addColumn('changed_commit', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('members_key', ['room_id', 'user_id']);
  return clustered(table, dialect);
}

function mentions(db: Kysely<unknown>, dialect: DialectName) {
  const table = db.schema
    .createTable('mentions')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('mentions_key', ['user_id', 'room_id', 'seq']);
  return clustered(table, dialect);
}

function logState(db: Kysely<unknown>) {
  return db.schema
    .createTable('log_state')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('commits', 'bigint', (column) => column.notNull());
}

/** SQLite keeps the rows in the key's own tree, which spares small rows a second one; PostgreSQL has no such thing. */
function clustered<Name extends string, Columns extends string>(
  table: CreateTableBuilder<Name, Columns>,
  dialect: DialectName,
) {
  return dialect === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table;
}
