import type { Kysely } from 'kysely';
import type { Migration } from '../../../../storage/index.js';

/** The schema of attachments. */
export const attachmentMigrations: readonly Migration[] = [
  {
    name: 'chat/0050-attachments',
    up: ({ schema }) => [
      attachments(schema),
      schema
        .createIndex('attachments_named')
        .on('attachments')
        .columns(['room_id', 'message_seq'])
        .where('message_seq', 'is not', null),
      schema
        .createIndex('attachments_unnamed')
        .on('attachments')
        .columns(['message_seq', 'created_at'])
        .where('message_seq', 'is', null),
      schema
        .createIndex('attachments_released')
        .on('attachments')
        .columns(['state', 'id'])
        .where('state', '=', 'released'),
      schema
        .createTable('upload_days')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('day', 'bigint', (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('upload_days_key', ['user_id', 'day']),
      schema.createIndex('upload_days_day').on('upload_days').column('day'),
      schema
        .createTable('attachment_keys')
        .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
        .addColumn('secret', 'text', (column) => column.notNull()),
      schema
        .alterTable('messages')
        .addColumn('attachments', 'text', (column) => column.notNull().defaultTo('[]')),
    ],
  },
];

function attachments(schema: Kysely<unknown>['schema']) {
  return schema
    .createTable('attachments')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('uploader_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('mime_type', 'text', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('message_seq', 'bigint')
    .addColumn('state', 'text', (column) => column.notNull());
}
