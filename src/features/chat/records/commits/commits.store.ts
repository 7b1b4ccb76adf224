import { type Kysely, type RawBuilder, sql } from 'kysely';
import { dialectOf, readMeta, writeMeta } from '../../../../storage/store.js';
import type { ChatTables } from '../tables.js';

type Db = Kysely<ChatTables>;

/** The meta value that says for which life of the data numbers were raised. */
const LIFE = 'chat/commits-life';

/**
 * The number of this commit, higher than those of all commits that ended before it began. On PostgreSQL commits of many
 * nodes run side by side, and a counter would make each wait for the others: there it is the transaction's own id. That
 * begins anew in a database that was restored from a dump, so `log_state` has what to add (`raiseCommits`).
 */
export async function nextCommit(db: Db): Promise<number> {
  if (dialectOf(db) === 'postgres') {
    return await shifted(db, sql`cast(cast(pg_current_xact_id() as text) as bigint)`);
  }
  const { commits } = await db
    .updateTable('log_state')
    .set((state) => ({ commits: state('commits', '+', 1) }))
    .returning('commits')
    .executeTakeFirstOrThrow();
  return commits;
}

/**
 * The highest number up to which every commit is in the reader's snapshot. Commits beyond it may be in it too: on PostgreSQL
 * one that began earlier can end later.
 */
export async function lastCommit(db: Db): Promise<number> {
  if (dialectOf(db) === 'postgres') {
    const xmin = sql`pg_snapshot_xmin(pg_current_snapshot())`;
    return await shifted(db, sql`cast(cast(${xmin} as text) as bigint) - 1`);
  }
  const { commits } = await db.selectFrom('log_state').select('commits').executeTakeFirstOrThrow();
  return commits;
}

/**
 * Takes care, once for each life of the data, that later commits have higher numbers than those that rows have already: a
 * dump may have been restored on a server whose transactions are still few. For the start, before any commit.
 */
export async function raiseCommits(db: Db, life: string): Promise<void> {
  if (dialectOf(db) === 'sqlite' || (await readMeta(db, LIFE)) === life) return;
  await sql`
    update log_state
    set commits = greatest(commits, (select coalesce(max(changed_commit), 0) from members))`.execute(db);
  await writeMeta(db, LIFE, life);
}

async function shifted(db: Db, number: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ commit: number }>`select commits + ${number} as commit from log_state`.execute(
    db,
  );
  return rows[0]?.commit ?? 0;
}
