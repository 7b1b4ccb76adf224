import { type Compilable, type Kysely, sql } from 'kysely';
import type { Migration } from '../../../../storage/index.js';

/**
 * SQLite's index of words: full-text rows without content, and an entry for each message that is not deleted, numbered
 * in the order in which messages were sent. Entries of stored messages are made here and their words at the start,
 * because it is not the database that says what words are. PostgreSQL's is one table with a vector for each message.
 */
export const searchMigrations: readonly Migration[] = [
  {
    name: 'chat/0040-search',
    up: (db, dialect) =>
      dialect === 'sqlite' ? [...entries(db), ...words(db), ...backfill(db)] : vectors(db),
  },
  {
    name: 'chat/0130-search-format',
    // An index that was made anew, as each was at the first start, had lost its format.
    isCompatible: true,
    up: (db, dialect) => (dialect === 'sqlite' ? [withSecureDeletion(db)] : []),
  },
];

function entries({ schema }: Kysely<unknown>): Compilable[] {
  return [
    schema
      .createTable('search_rooms')
      .addColumn('number', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('room_id', 'text', (column) => column.notNull().unique()),
    schema
      .createTable('search_entries')
      .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('room_number', 'integer', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull()),
    schema.createIndex('search_entries_place').on('search_entries').columns(['room_number', 'seq']).unique(),
  ];
}

/** The tokenizer splits at spaces and leaves what is not ASCII alone: words come folded. */
function words(db: Kysely<unknown>): Compilable[] {
  return [
    raw(
      db,
      `create virtual table search_words using fts5 (room, words, content = '', columnsize = 0, tokenize = 'ascii')`,
    ),
    withSecureDeletion(db),
    raw(db, `insert into search_words (search_words, rank) values ('secure-delete', 1)`),
    raw(db, `create virtual table search_vocabulary using fts5vocab (search_words, row)`),
  ];
}

/**
 * Version 5 is the format of an index with secure deletion; without it `integrity_check` takes a page that deletion emptied
 * for damage.
 */
const withSecureDeletion = (db: Kysely<unknown>): Compilable =>
  raw(db, `update search_words_config set v = 5 where k = 'version'`);

function backfill(db: Kysely<unknown>): Compilable[] {
  return [
    raw(db, 'insert into search_rooms (room_id) select distinct room_id from messages order by room_id'),
    raw(
      db,
      `insert into search_entries (id, room_number, seq)
       select row_number() over (order by created_at, number, seq), number, seq
       from messages join search_rooms on search_rooms.room_id = messages.room_id
       where deleted_at is null`,
    ),
  ];
}

function vectors(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('search_vectors')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('room_id', 'text', (column) => column.notNull())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('words', sql`tsvector`, (column) => column.notNull()),
    db.schema.createIndex('search_vectors_place').on('search_vectors').columns(['room_id', 'seq']).unique(),
    // Entries that wait in a list would make every search read it.
    raw(db, 'create index search_vectors_words on search_vectors using gin (words) with (fastupdate = off)'),
  ];
}

function raw(db: Kysely<unknown>, statement: string): Compilable {
  return { compile: () => sql.raw(statement).compile(db) };
}
