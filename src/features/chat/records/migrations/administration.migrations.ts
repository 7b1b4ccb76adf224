import { type Kysely, sql } from 'kysely';
import type { DialectName, Migration } from '../../../../storage/index.js';
import type { ChatTables } from '../tables.js';

/** The schema of what is done to rooms and members: bans and silences, mutes, and the names that channels are found by. */
export const administrationMigrations: readonly Migration[] = [
  {
    name: 'chat/0020-bans-silences-mutes-and-channel-names',
    up: (db, dialect) => [
      db.schema
        .createTable('restrictions')
        .addColumn('room_id', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('banned_at', 'bigint')
        .addColumn('silenced_until', 'bigint')
        .addPrimaryKeyConstraint('restrictions_key', ['room_id', 'user_id']),
      db.schema.alterTable('members').addColumn('muted_until', 'bigint'),
      db.schema
        .createIndex('members_muted')
        .on('members')
        .column('muted_until')
        .where('muted_until', 'is not', null),
      ...channelNames(db, dialect),
    ],
  },
];

/** Channels that are there already wait with a null for their names, which this step cannot fold. */
function channelNames(db: Kysely<unknown>, dialect: DialectName) {
  const { schema } = db;
  const bytewise = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  return [
    schema
      .createTable('channel_names')
      .addColumn('room_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('folded_name', bytewise),
    schema.createIndex('channel_names_order').on('channel_names').columns(['folded_name', 'room_id']),
    schema
      .createTable('channel_words')
      .addColumn('word', bytewise, (column) => column.notNull())
      .addColumn('room_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('channel_words_key', ['word', 'room_id']),
    schema.createIndex('channel_words_room').on('channel_words').columns(['room_id', 'word']),
    (db as Kysely<ChatTables>)
      .insertInto('channel_names')
      .columns(['room_id'])
      .expression((rooms) =>
        rooms.selectFrom('rooms').select('id').where('kind', '=', 'channel').where('archived_at', 'is', null),
      ),
  ];
}
