import type { Migration } from 'parley';

export interface PollTables {
  polls: { room_id: string; seq: number; asker_id: string; option_count: number; closed_seq: number | null };
  poll_votes: { room_id: string; poll_seq: number; user_id: string; choice: number };
}

export const POLL_MIGRATIONS: readonly Migration[] = [
  {
    name: 'polls/0001-polls-and-votes',
    up: ({ schema }) => [
      schema
        .createTable('polls')
        .addColumn('room_id', 'text', (column) => column.notNull())
        .addColumn('seq', 'integer', (column) => column.notNull())
        .addColumn('asker_id', 'text', (column) => column.notNull())
        .addColumn('option_count', 'integer', (column) => column.notNull())
        .addColumn('closed_seq', 'integer')
        .addPrimaryKeyConstraint('polls_key', ['room_id', 'seq']),
      schema
        .createTable('poll_votes')
        .addColumn('room_id', 'text', (column) => column.notNull())
        .addColumn('poll_seq', 'integer', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('choice', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('poll_votes_key', ['room_id', 'poll_seq', 'user_id']),
    ],
  },
];
