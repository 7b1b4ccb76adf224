import type { Kysely } from 'kysely';
import type { Migration } from '../../../../storage/index.js';

/** The schema of what members do to messages after they were sent. */
export const lifecycleMigrations: readonly Migration[] = [
  {
    name: 'chat/0030-reactions-pins-and-threads',
    up: ({ schema }) => [
      reactions(schema),
      reactionCounts(schema),
      schema
        .createTable('pins')
        .addColumn('room_id', 'text', (column) => column.notNull())
        .addColumn('message_seq', 'bigint', (column) => column.notNull())
        .addColumn('pinned_seq', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('pins_key', ['room_id', 'message_seq']),
      schema.createIndex('pins_order').on('pins').columns(['room_id', 'pinned_seq']),
      schema
        .createTable('thread_positions')
        .addColumn('room_id', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('thread_seq', 'bigint', (column) => column.notNull())
        .addColumn('read_seq', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('thread_positions_key', ['room_id', 'user_id', 'thread_seq']),
      schema
        .createIndex('thread_positions_thread')
        .on('thread_positions')
        .columns(['room_id', 'thread_seq', 'read_seq']),
    ],
  },
];

type Schema = Kysely<unknown>['schema'];

function reactions(schema: Schema) {
  return schema
    .createTable('reactions')
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('message_seq', 'bigint', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('emoji', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('reactions_key', ['room_id', 'message_seq', 'user_id', 'emoji']);
}

function reactionCounts(schema: Schema) {
  return schema
    .createTable('reaction_counts')
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('message_seq', 'bigint', (column) => column.notNull())
    .addColumn('emoji', 'text', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('first_seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('reaction_counts_key', ['room_id', 'message_seq', 'emoji']);
}
