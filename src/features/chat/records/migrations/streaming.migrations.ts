import { type Kysely, sql } from 'kysely';
import type { Migration } from '../../../../storage/index.js';

/** The schema of messages that are said little by little. */
export const streamingMigrations: readonly Migration[] = [
  {
    name: 'chat/0080-streams',
    up: ({ schema }) => [
      streams(schema),
      schema
        .createIndex('streams_open')
        .on('streams')
        .columns(['room_id', 'sender_id', 'client_id'])
        .unique()
        .where(sql.ref('closed_at'), 'is', null),
      schema
        .createIndex('streams_sender')
        .on('streams')
        .columns(['sender_id', 'room_id'])
        .where(sql.ref('closed_at'), 'is', null),
      schema.createIndex('streams_due').on('streams').column('due_at'),
    ],
  },
];

function streams(schema: Kysely<unknown>['schema']) {
  return schema
    .createTable('streams')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('sender_id', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('reply_to', 'bigint')
    .addColumn('thread_seq', 'bigint')
    .addColumn('meta', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('message_seq', 'bigint');
}
