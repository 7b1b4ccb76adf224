import { sql } from 'kysely';
import type { Migration } from '../../../../storage/index.js';

/** The schema of looks at what the logs have got lately. */
export const newsMigrations: readonly Migration[] = [
  {
    name: 'chat/0110-log-news',
    // Whoever appends names no such column: the database fills it in.
    isCompatible: true,
    up: ({ schema }, dialect) => {
      if (dialect === 'sqlite') {
        const changes = schema
          .createIndex('room_events_members')
          .on('room_events')
          .column('at')
          .where(sql<boolean>`type in ('member.joined', 'member.left', 'members.changed')`);
        return [changes];
      }
      // The number of the transaction that appended the event.
      const commit = sql`(cast(cast(pg_current_xact_id() as text) as bigint))`;
      return [
        schema
          .alterTable('room_events')
          .addColumn('stored_commit', 'bigint', (column) => column.notNull().defaultTo(commit)),
        schema.createIndex('room_events_commits').on('room_events').column('stored_commit'),
      ];
    },
  },
  {
    name: 'chat/0120-raised-floors',
    isCompatible: true,
    up: ({ schema }, dialect) => {
      // Nobody but the process that drops events reads the embedded database.
      if (dialect === 'sqlite') return [];
      return [
        schema
          .createTable('raised_floors')
          .addColumn('room_id', 'text', (column) => column.primaryKey().notNull())
          .addColumn('floor', 'bigint', (column) => column.notNull())
          .addColumn('stored_commit', 'bigint', (column) => column.notNull()),
        schema.createIndex('raised_floors_commits').on('raised_floors').column('stored_commit'),
      ];
    },
  },
];
