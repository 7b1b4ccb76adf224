import type { Migration } from '../../../storage/index.js';

/** Presence's schema, step by step. */
export const presenceMigrations: readonly Migration[] = [
  {
    name: 'presence/0001-choices-and-last-seen',
    up: ({ schema }) => [
      schema
        .createTable('presence_settings')
        .addColumn('user_id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('text', 'text')
        .addColumn('until_at', 'bigint'),
      schema
        .createTable('presence_seen')
        .addColumn('user_id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('last_seen_at', 'bigint', (column) => column.notNull()),
    ],
  },
  {
    name: 'presence/0002-choices-by-time',
    up: ({ schema }) => [
      schema
        .alterTable('presence_settings')
        .addColumn('changed_at', 'bigint', (column) => column.notNull().defaultTo(0)),
      schema.createIndex('presence_settings_by_time').on('presence_settings').column('changed_at'),
    ],
  },
];
