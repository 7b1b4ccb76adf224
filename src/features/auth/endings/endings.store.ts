import { type Kysely, sql } from 'kysely';
import { defineStore, keyIn, readDatabaseNow, withManyKeys } from '../../../storage/store.js';
import type { AuthTables } from '../auth.tables.js';
import type { SessionRef } from '../sessions/sessions.store.js';

/** What has ended, as the database knows it at its own time `nowMs`. */
export interface Endings {
  readonly nowMs: number;
  /** Sessions that are over. */
  readonly sessions: readonly SessionRef[];
  /** Users who are shut out. */
  readonly suspended: readonly string[];
}

/** A stretch of the database's time. */
export interface Stretch {
  /** Endings from this moment on. */
  readonly fromMs: number;
  /** Those of the last moments are left for later: whoever has asked for one is still being answered. */
  readonly settleMs: number;
}

type Db = Kysely<AuthTables>;

/** What has ended within a stretch of time, and still is. */
async function within(db: Db, { fromMs, settleMs }: Stretch): Promise<Endings> {
  const nowMs = await readDatabaseNow(db);
  const sessions = await db
    .selectFrom('sessions')
    .select(['id', 'user_id'])
    .where('ended_at', '>=', fromMs)
    .where('ended_at', '<=', nowMs - settleMs)
    .where('revoked_at', 'is not', null)
    .execute();
  const users = await db
    .selectFrom('users')
    .select('id')
    .where('ended_at', '>=', fromMs)
    .where('ended_at', '<=', nowMs - settleMs)
    .where((is) => is.or([is('suspended_at', 'is not', null), is('deleted_at', 'is not', null)]))
    .execute();
  return {
    nowMs,
    sessions: sessions.map(({ id, user_id: userId }) => ({ sessionId: id, userId })),
    suspended: users.map(({ id }) => id),
  };
}

/** The sessions to look at. */
export interface SessionsAtNode {
  readonly sessions: readonly SessionRef[];
  readonly settleMs: number;
}

interface Standing {
  readonly id: string;
  readonly isOver: number;
  readonly isSuspended: number;
  readonly sessionEndedAtMs: number | null;
  readonly userEndedAtMs: number | null;
}

const standings = withManyKeys<AuthTables, Standing>((db, keys) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id',
      'sessions.ended_at as sessionEndedAtMs',
      'users.ended_at as userEndedAtMs',
      sql<number>`case when sessions.revoked_at is null then 0 else 1 end`.as('isOver'),
      sql<number>`case when users.suspended_at is null and users.deleted_at is null then 0 else 1 end`.as(
        'isSuspended',
      ),
    ])
    .where(keyIn(['sessions.id'], keys)),
);

/** What of these sessions has ended. One that is not known any more ended long ago. */
async function among(db: Db, { sessions, settleMs }: SessionsAtNode): Promise<Endings> {
  const nowMs = await readDatabaseNow(db);
  const found = await standings(
    db,
    sessions.map(({ sessionId }) => [sessionId]),
  );
  const byId = new Map(found.map((standing) => [standing.id, standing]));
  const isSettled = (endedAtMs: number | null): boolean => (endedAtMs ?? 0) <= nowMs - settleMs;
  const isOver = ({ sessionId }: SessionRef): boolean => {
    const standing = byId.get(sessionId);
    return standing === undefined || (standing.isOver === 1 && isSettled(standing.sessionEndedAtMs));
  };
  const isSuspended = ({ sessionId }: SessionRef): boolean => {
    const standing = byId.get(sessionId);
    return standing?.isSuspended === 1 && isSettled(standing.userEndedAtMs);
  };
  return {
    nowMs,
    sessions: sessions.filter(isOver),
    suspended: sessions.filter(isSuspended).map(({ userId }) => userId),
  };
}

export const store = defineStore({
  name: 'auth/endings',
  url: import.meta.url,
  reads: { now: readDatabaseNow, within, among },
  writes: {},
});
