import { type Kysely, sql } from 'kysely';
import type { DialectName, Migration } from '../../../../storage/index.js';

/** The schema of logs that begin later than at their first event. */
export const retentionMigrations: readonly Migration[] = [
  {
    name: 'chat/0060-retention',
    up: (db, dialect) => [
      db.schema
        .alterTable('rooms')
        .addColumn('floor_ordinal', 'bigint', (column) => column.notNull().defaultTo(0)),
      droppedMessages(db, dialect),
      db.schema
        .createIndex('dropped_messages_edited')
        .on('dropped_messages')
        .columns(['room_id', 'seq'])
        .where(sql<boolean>`edited_at is not null`),
    ],
  },
];

function droppedMessages({ schema }: Kysely<unknown>, dialect: DialectName) {
  const table = schema
    .createTable('dropped_messages')
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('sender_id', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('edited_at', 'bigint')
    .addColumn('deleted_at', 'bigint', (column) => column.notNull())
    .addColumn('reply_to', 'bigint')
    .addColumn('thread_seq', 'bigint')
    .addPrimaryKeyConstraint('dropped_messages_key', ['room_id', 'sender_id', 'client_id']);
  return dialect === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table;
}
