import { CompiledQuery, type Kysely } from 'kysely';
import { type MetaTable, readMeta, writeMeta } from './meta.js';
import type { PlainQuery } from '../plain-query.js';
import { defineStore } from '../store.js';

export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly is_compatible: number;
}

interface SchemaTables extends MetaTable {
  readonly parley_migrations: AppliedMigration;
}

export interface MigrationStep {
  readonly row: AppliedMigration;
  readonly queries: readonly PlainQuery[];
}

/** There while a database is open whose commits a power cut may take back. */
const OPEN_MARK = 'storage/open';

/** Names the life of the data. */
const LIFE = 'storage/life';

/** Names the data. */
const CLUSTER = 'storage/cluster';

/** The store of the storage itself: the schema's own tables, and what every database must be able to do. */
export const store = defineStore({
  name: 'storage/schema',
  url: import.meta.url,
  reads: { rows: rowsOf },
  writes: {
    change: rowsOf,

    /** Makes the two tables if they are not there. Tells which steps have run, and the mark that a start may have left. */
    prepare: async (db: Kysely<SchemaTables>) => {
      await db.schema
        .createTable('parley_migrations')
        .ifNotExists()
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('checksum', 'text', (column) => column.notNull())
        .addColumn('is_compatible', 'integer', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('parley_meta')
        .ifNotExists()
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('value', 'text', (column) => column.notNull())
        .execute();
      const applied = await db.selectFrom('parley_migrations').selectAll().execute();
      return { applied, openMark: await readMeta(db, OPEN_MARK) };
    },

    applyMigration: async (db: Kysely<SchemaTables>, { row, queries }: MigrationStep) => {
      for (const query of queries) await db.executeQuery(asCompiled(query));
      await db.insertInto('parley_migrations').values(row).execute();
    },

    /** The name of the data's life: `life` at the first start and when it may have been set back. */
    openLife: async (db: Kysely<SchemaTables>, { life, isSetBack }: { life: string; isSetBack: boolean }) => {
      const stored = await readMeta(db, LIFE);
      if (stored !== undefined && !isSetBack) return stored;
      await writeMeta(db, LIFE, life);
      return life;
    },

    /** The name of the data: `id` at the first start. */
    openCluster: async (db: Kysely<SchemaTables>, id: string) => {
      const stored = await readMeta(db, CLUSTER);
      if (stored === undefined) await writeMeta(db, CLUSTER, id);
      return stored ?? id;
    },

    markOpen: async (db: Kysely<SchemaTables>) => writeMeta(db, OPEN_MARK, 'process'),

    markClosed: async (db: Kysely<SchemaTables>) => writeMeta(db, OPEN_MARK, null),

    /** Writes, so that a full or read-only disk is noticed. */
    ping: async (db: Kysely<SchemaTables>) => writeMeta(db, 'storage/ping', 'written'),
  },
});

type Rows = readonly Record<string, unknown>[];

async function rowsOf(db: Kysely<SchemaTables>, queries: readonly PlainQuery[]): Promise<Rows[]> {
  const results: Rows[] = [];
  for (const query of queries) results.push((await db.executeQuery(asCompiled(query))).rows);
  return results;
}

function asCompiled({ sql, parameters }: PlainQuery): CompiledQuery<Record<string, unknown>> {
  return CompiledQuery.raw(sql, [...parameters]) as CompiledQuery<Record<string, unknown>>;
}
