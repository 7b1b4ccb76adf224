import { type Kysely, sql } from 'kysely';
import type { Migration } from '../schema/migration.js';
import { bindSeq, defineStore, type PlainQuery, readMeta, withSavepoint, writeMeta } from '../store.js';

export interface NoteTables {
  readonly notes: { readonly id: number; readonly body: string | null };
}

export interface Note {
  readonly id: number;
  readonly body: string | null;
}

export const notesMigrations: readonly Migration[] = [
  {
    name: 'notes/0001-notes',
    up: (schema) => [
      schema.schema
        .createTable('notes')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('body', 'text'),
    ],
  },
];

/** The store that the storage's own tests work with. */
export const store = defineStore({
  name: 'storage/notes',
  url: import.meta.url,
  reads: {
    all: async (db: Kysely<NoteTables>): Promise<Note[]> =>
      db.selectFrom('notes').selectAll().orderBy('id').execute(),
    count: async (db: Kysely<NoteTables>) => countNotes(db),
    /** Counts, again and again, for as long as a transaction takes that many statements. */
    countRepeatedly: async (db: Kysely<NoteTables>, times: number) => {
      const counts: number[] = [];
      for (let round = 0; round < times; round += 1) counts.push(await countNotes(db));
      return counts;
    },
    writeInRead: async (db: Kysely<NoteTables>) => insert(db, { id: 1, body: 'no' }),
    meta: async (db: Kysely<NoteTables>, key: string) => readMeta(db, key),
    endThread: async () => process.exit(1),
  },
  writes: {
    insert: async (db: Kysely<NoteTables>, note: Note) => insert(db, note),
    insertMany: async (db: Kysely<NoteTables>, notes: readonly Note[]) => {
      for (const note of notes) await insert(db, note);
    },
    insertThenThrow: async (db: Kysely<NoteTables>, note: Note) => {
      await insert(db, note);
      throw new RangeError('thought better of it');
    },
    insertThenBadSql: async (db: Kysely<NoteTables>, note: Note) => {
      await insert(db, note);
      await sql`select nonsense from nowhere`.execute(db);
    },
    insertThenSwallow: async (db: Kysely<NoteTables>, note: Note) => {
      await insert(db, note);
      try {
        await sql`select nonsense from nowhere`.execute(db);
      } catch {
        return 'swallowed';
      }
      return 'accepted';
    },
    insertThenEndThread: async (db: Kysely<NoteTables>, note: Note) => {
      await insert(db, note);
      process.exit(1);
    },
    /** Reads, then writes what it read plus one: right only if writes run alone. */
    append: async (db: Kysely<NoteTables>) => {
      const count = await countNotes(db);
      await insert(db, { id: count + 1, body: null });
      return count + 1;
    },
    insertBothSides: async (db: Kysely<NoteTables>, { kept, undone }: { kept: Note; undone: Note }) => {
      await insert(db, kept);
      try {
        await withSavepoint(db, async () => {
          await insert(db, undone);
          await insert(db, undone);
        });
      } catch {
        return 'undone';
      }
      return 'kept';
    },
    bound: async (db: Kysely<NoteTables>, { query, seq }: { query: PlainQuery; seq: number }) => {
      await db.executeQuery(bindSeq(query, seq));
    },
    setMeta: async (db: Kysely<NoteTables>, { key, value }: { key: string; value: string | null }) =>
      writeMeta(db, key, value),
    erase: async (db: Kysely<NoteTables>, id: number) => {
      await db.deleteFrom('notes').where('id', '=', id).execute();
    },
    clear: async (db: Kysely<NoteTables>) => {
      await db.deleteFrom('notes').execute();
    },
    /** Commits behind the transaction's back, so that its own COMMIT fails. */
    insertThenCommit: async (db: Kysely<NoteTables>, note: Note) => {
      await insert(db, note);
      await sql`commit`.execute(db);
    },
    /** Breaks a rule that is looked at only when the transaction commits. */
    insertOrphan: async (db: Kysely<NoteTables>, note: Note) => {
      await insert(db, note);
      await sql`
        create table orphans (note integer references notes (id) deferrable initially deferred)
      `.execute(db);
      await sql`insert into orphans values (-1)`.execute(db);
    },
    /** Makes the database as full as if the disk were: it may not grow beyond that many pages. */
    limitPages: async (db: Kysely<NoteTables>, pages: number) => {
      await sql`pragma max_page_count = ${sql.lit(pages)}`.execute(db);
    },
    unclonable: async () => () => undefined,
  },
});

async function insert(db: Kysely<NoteTables>, note: Note): Promise<void> {
  await db.insertInto('notes').values(note).execute();
}

async function countNotes(db: Kysely<NoteTables>): Promise<number> {
  const { count } = await db
    .selectFrom('notes')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}
