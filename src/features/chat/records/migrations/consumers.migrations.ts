import { type Kysely, sql } from 'kysely';
import type { DialectName, Migration } from '../../../../storage/index.js';

/** The schema of the logs' consumers. */
export const consumerMigrations: readonly Migration[] = [
  {
    name: 'chat/0080-log-consumers',
    up: (schema, dialect) => [
      schema.schema
        .createTable('log_consumers')
        .addColumn('name', 'text', (column) => column.primaryKey().notNull())
        .addColumn('types', 'text', (column) => column.notNull())
        .addColumn('holder', 'text')
        .addColumn('held_until', 'bigint', (column) => column.notNull()),
      outbox(schema, dialect),
      schema.schema.createIndex('outbox_turns').on('outbox').columns(['consumer', 'queued_at', 'room_id']),
    ],
  },
];

function outbox(db: Kysely<unknown>, dialect: DialectName) {
  const table = db.schema
    .createTable('outbox')
    .addColumn('consumer', 'text', (column) => column.notNull())
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('after_seq', 'bigint', (column) => column.notNull())
    .addColumn('last_seq', 'bigint', (column) => column.notNull())
    .addColumn('queued_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('outbox_key', ['consumer', 'room_id']);
  return dialect === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table;
}
