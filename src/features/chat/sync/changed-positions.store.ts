import type { Kysely } from 'kysely';
import { fitting } from '../../../storage/store.js';
import { type ChatTables, lastCommit, type PositionsAhead, readRoomViews } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** More changed positions than these wait for the next `room.sync`. */
const MAX_READS = 500;

/** A place among the changes of one user's rows: all of earlier commits, and of this one those up to a room. */
export interface ChangePlace {
  readonly commit: number;
  /** Null: all of the commit. */
  readonly roomId: string | null;
}

export interface PositionsQuery {
  readonly userId: string;
  /** Positions changed after this are given; null: none are. */
  readonly since: ChangePlace | null;
  readonly ahead: PositionsAhead;
}

/** The caller's own position in a room. */
export interface SyncedPosition {
  readonly roomId: string;
  readonly readSeq: number;
  readonly unread: number;
  readonly mentions: number;
  readonly muted: boolean | string;
}

export interface ChangedPositions {
  readonly reads: readonly SyncedPosition[];
  /** Up to where `reads` are complete. */
  readonly since: ChangePlace;
}

interface Change {
  readonly roomId: string;
  readonly commit: number;
}

/** The positions that changed, in the order of their commits, as many as fit. */
export async function changedPositions(
  db: Db,
  query: PositionsQuery,
  maxBytes: number,
): Promise<ChangedPositions> {
  const whole = { reads: [], since: { commit: await lastCommit(db), roomId: null } };
  const { userId, since, ahead } = query;
  if (since === null) return whole;
  const rows = await changesAfter(db, userId, since);
  const changes = rows.slice(0, MAX_READS);
  const stored = changes.map(({ roomId }) => roomId);
  const unstored = Object.keys(ahead).filter((roomId) => !stored.includes(roomId));
  const reads = fitting(await positionsIn(db, query, [...stored, ...unstored]), maxBytes);
  const last = changes[Math.min(reads.length, changes.length) - 1];
  const isWhole = changes.length === rows.length && reads.length >= changes.length;
  return isWhole || !last ? { ...whole, reads } : { reads, since: last };
}

/** One more than an answer may have. */
async function changesAfter(db: Db, userId: string, { commit, roomId }: ChangePlace): Promise<Change[]> {
  return await db
    .selectFrom('members')
    .select(['room_id as roomId', 'changed_commit as commit'])
    .where('user_id', '=', userId)
    .where((member) =>
      member.or([
        member('changed_commit', '>', commit),
        ...(roomId === null
          ? []
          : [member.and([member('changed_commit', '=', commit), member('room_id', '>', roomId)])]),
      ]),
    )
    .orderBy('changed_commit')
    .orderBy('room_id')
    .limit(MAX_READS + 1)
    .execute();
}

async function positionsIn(
  db: Db,
  { userId, ahead }: PositionsQuery,
  roomIds: readonly string[],
): Promise<SyncedPosition[]> {
  const views = await readRoomViews(db, { userId, roomIds, ahead });
  return views.map(({ id, readSeq, unread, mentions, muted }) => ({
    roomId: id,
    readSeq,
    unread,
    mentions,
    muted,
  }));
}
