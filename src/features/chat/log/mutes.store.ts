import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { writeMembers } from './append/index.js';
import { type ChatTables, FOR_EVER_MS, lockMembers, membersByKey } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** Mutes that end in one write; others wait for the next. */
const MAX_ENDED = 500;

export interface Mute {
  readonly roomId: string;
  readonly userId: string;
  /** `for ever`, milliseconds since 1970, or null: no more. */
  readonly until: 'for ever' | number | null;
}

/** A member's mute that has changed. */
export type Muted = Pick<Mute, 'roomId' | 'userId'>;

/** Whether members want to be notified of what happens in their rooms. */
export const store = defineStore({
  name: 'chat/mutes',
  url: import.meta.url,
  reads: {
    hasEnded: async (db: Db, nowMs: number): Promise<boolean> => {
      const row = await endedBy(db, nowMs).limit(1).executeTakeFirst();
      return row !== undefined;
    },
  },
  writes: {
    /** Returns whether anything changed; null for one who is no member. */
    mute: async (db: Db, { roomId, userId, until }: Mute): Promise<boolean | null> => {
      await lockMembers(db, [[roomId, userId]]);
      const [member] = await membersByKey(db, [[roomId, userId]]);
      if (!member) return null;
      const untilMs = until === 'for ever' ? FOR_EVER_MS : until;
      if (member.muted_until === untilMs) return false;
      await writeMembers(db, [{ ...member, muted_until: untilMs }]);
      return true;
    },

    /** Ends the mutes whose time is over, as a change that the members' other devices learn of. */
    end: async (db: Db, nowMs: number): Promise<Muted[]> => {
      const ended = await endedBy(db, nowMs).limit(MAX_ENDED).execute();
      const keys = ended.map(({ room_id, user_id }) => [room_id, user_id] as const);
      await lockMembers(db, keys);
      const members = (await membersByKey(db, keys)).filter(({ muted_until }) => isOver(muted_until, nowMs));
      await writeMembers(
        db,
        members.map((member) => ({ ...member, muted_until: null })),
      );
      return members.map(({ room_id, user_id }) => ({ roomId: room_id, userId: user_id }));
    },
  },
  onPostgres: { mute: 'locks', end: 'locks' },
});

function isOver(mutedUntil: number | null, nowMs: number): boolean {
  return mutedUntil !== null && mutedUntil <= nowMs;
}

function endedBy(db: Db, nowMs: number) {
  return db
    .selectFrom('members')
    .selectAll()
    .where('muted_until', 'is not', null)
    .where('muted_until', '<=', nowMs)
    .orderBy('muted_until');
}
