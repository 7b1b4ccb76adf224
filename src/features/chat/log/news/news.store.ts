import { type Kysely, type RawBuilder, sql } from 'kysely';
import { defineStore, dialectOf } from '../../../../storage/store.js';
import { type ChatTables, keyIn, membersIn, withManyKeys } from '../../records/index.js';
import type { Standing, StandingMember } from './log-news.js';

type Db = Kysely<ChatTables>;

/** More rooms, or comings and goings, than these are not told one by one. */
const MOST = 5_000;

/** The embedded database is one process's: its commits are in the order of its clock, but for what is under way. */
const OVERLAP_MS = 60_000;

export interface NewsQuery {
  readonly mark: number | null;
  readonly nowMs: number;
}

export interface StoredNews {
  readonly mark: number;
  readonly isWhole: boolean;
  readonly heads: readonly (readonly [string, number])[] | null;
  readonly floors: readonly (readonly [string, number])[] | null;
  readonly members: readonly Standing[];
}

interface Change {
  readonly roomId: string;
  readonly seq: number;
  readonly type: string;
  readonly body: string | null;
}

/** What the logs have got since a mark. It is the database that orders commits, by their numbers. */
export const store = defineStore({
  name: 'chat/news',
  url: import.meta.url,
  reads: {
    since: async (db: Db, query: NewsQuery): Promise<StoredNews> =>
      dialectOf(db) === 'postgres' ? await byCommits(db, query.mark) : await byTime(db, query),

    standing: async (db: Db, members: readonly Standing[]): Promise<StandingMember[]> =>
      await standing(
        db,
        members.map(([userId, roomId]) => [roomId, userId]),
      ),

    standingOf: async (db: Db, userIds: readonly string[]): Promise<StandingMember[]> =>
      await standingOf(
        db,
        userIds.map((userId) => [userId]),
      ),
  },
  writes: {},
});

/**
 * The mark is the oldest commit that was still under way: those before it are seen already, or never will be. A mark from
 * the future is one of a database that was set back since. Rows that were restored from a dump have the numbers of another
 * server's commits, which may lie in the future too.
 */
async function byCommits(db: Db, since: number | null): Promise<StoredNews> {
  const { mark, end } = await commitsNow(db);
  if (since === null || since > mark) {
    return { mark, isWhole: false, heads: null, floors: null, members: [] };
  }
  const isNews = sql<boolean>`stored_commit >= ${since} and stored_commit < ${end}`;
  const heads = await grownRooms(db, isNews);
  const changes = await changesSince(db, isNews);
  const raised = await raisedFloors(db, isNews);
  const floors = raised.length <= MOST ? raised : null;
  const isWhole = heads.length <= MOST && changes.length <= MOST;
  return { mark, isWhole, heads: isWhole ? heads : null, floors, members: isWhole ? membersOf(changes) : [] };
}

/** The oldest commit that is under way, and the first that has not begun. */
async function commitsNow(db: Db): Promise<{ mark: number; end: number }> {
  const { rows } = await sql<{ mark: number; end: number }>`
    select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint) as mark,
      cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint) as "end"`.execute(db);
  return rows[0] ?? { mark: 0, end: 0 };
}

async function grownRooms(db: Db, isNews: RawBuilder<boolean>): Promise<[string, number][]> {
  const rows = await db
    .selectFrom('room_events')
    .select((event) => ['room_id as roomId', event.fn.max('seq').as('head')])
    .where(isNews)
    .groupBy('room_id')
    .limit(MOST + 1)
    .execute();
  return rows.map(({ roomId, head }) => [roomId, Number(head)]);
}

async function raisedFloors(db: Db, isNews: RawBuilder<boolean>): Promise<[string, number][]> {
  const rows = await db
    .selectFrom('raised_floors')
    .select(['room_id', 'floor'])
    .where(isNews)
    .limit(MOST + 1)
    .execute();
  return rows.map(({ room_id, floor }) => [room_id, floor]);
}

/** Of the embedded database's rooms only their own rows tell how far they have come; it is this process that drops from them. */
async function byTime(db: Db, { mark: since, nowMs: mark }: NewsQuery): Promise<StoredNews> {
  if (since === null) return { mark, isWhole: false, heads: null, floors: [], members: [] };
  const sinceMs = Math.min(since, mark) - OVERLAP_MS;
  const changes = await changesSince(db, sql<boolean>`at >= ${sinceMs}`);
  const isWhole = changes.length <= MOST;
  return { mark, isWhole, heads: null, floors: [], members: isWhole ? membersOf(changes) : [] };
}

async function changesSince(db: Db, isNews: RawBuilder<boolean>): Promise<Change[]> {
  return await db
    .selectFrom('room_events')
    .select(['room_id as roomId', 'seq', 'type', 'body'])
    // As the index of the embedded database has it.
    .where(sql<boolean>`type in ('member.joined', 'member.left', 'members.changed')`)
    .where(isNews)
    .limit(MOST + 1)
    .execute();
}

function membersOf(changes: readonly Change[]): Standing[] {
  const members = new Map<string, Standing>();
  for (const { roomId, seq, type, body } of changes) {
    const said = JSON.parse(body ?? '{}') as object;
    for (const userId of membersIn({ roomId, seq, type, actorId: null, at: '', ...said })) {
      members.set(`${userId} ${roomId}`, [userId, roomId]);
    }
  }
  return [...members.values()];
}

const standing = withManyKeys<StandingMember>((db, keys) =>
  db
    .selectFrom('members')
    .select(['user_id as userId', 'room_id as roomId', 'joined_seq as joinedSeq'])
    .where(keyIn(['room_id', 'user_id'], keys)),
);

const standingOf = withManyKeys<StandingMember>((db, keys) =>
  db
    .selectFrom('members')
    .select(['user_id as userId', 'room_id as roomId', 'joined_seq as joinedSeq'])
    .where(keyIn(['user_id'], keys)),
);
