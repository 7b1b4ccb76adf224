import { type Kysely, sql } from 'kysely';
import { databaseNow, defineStore } from '../../../storage/store.js';
import type { ChosenStatus, PresenceChoice } from './presence.js';

/** Times are milliseconds since 1970 (UTC). */
interface PresenceTables {
  presence_settings: {
    user_id: string;
    status: ChosenStatus;
    text: string | null;
    until_at: number | null;
    /** By the database's clock, which all nodes share. */
    changed_at: number;
  };
  presence_seen: { user_id: string; last_seen_at: number };
}

type Db = Kysely<PresenceTables>;

/** Rows of one statement, at most. Each length is a text that stays prepared, so lengths are powers of two. */
const ROWS_PER_STATEMENT = 128;

/** What is stored of a user's presence. */
export interface StoredPresence {
  readonly userId: string;
  readonly choice: PresenceChoice | undefined;
  readonly lastSeenMs: number | null;
}

/** A moment at which a user was connected. */
export interface Sighting {
  readonly userId: string;
  readonly atMs: number;
}

export interface ChoiceInput extends PresenceChoice {
  readonly userId: string;
  readonly nowMs: number;
  /** Whether others see the user until now, as far as connections go. */
  readonly isConnected: boolean;
}

export const store = defineStore({
  name: 'presence/state',
  url: import.meta.url,
  reads: {
    of: async (db: Db, userIds: readonly string[]): Promise<StoredPresence[]> => {
      const stored: StoredPresence[] = [];
      for (const some of portions(userIds)) stored.push(...(await storedOf(db, some)));
      return stored;
    },

    /** Whose choice was changed no longer ago than that. */
    changedWithin: async (db: Db, windowMs: number): Promise<string[]> => {
      const rows = await db
        .selectFrom('presence_settings')
        .select('user_id')
        .where('changed_at', '>', sql<number>`${databaseNow(db)} - ${windowMs}`)
        .execute();
      return rows.map((row) => row.user_id);
    },
  },
  writes: {
    /** Whoever turns invisible was last seen then. */
    choose: async (db: Db, input: ChoiceInput): Promise<void> => {
      const { userId, status, text, untilMs, nowMs, isConnected } = input;
      const invisible = await invisibleOf(db, [userId], nowMs);
      const choice = { status, text, until_at: untilMs, changed_at: databaseNow(db) };
      await db
        .insertInto('presence_settings')
        .values({ user_id: userId, ...choice })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(choice))
        .execute();
      const disappears = status === 'invisible' && isConnected && !invisible.has(userId);
      if (disappears) await see(db, [{ userId, atMs: nowMs }]);
    },

    /** Nobody saw those who are invisible. */
    see: async (db: Db, { sightings, nowMs }: { sightings: readonly Sighting[]; nowMs: number }) => {
      for (const some of portions(sightings)) {
        const userIds = some.map(({ userId }) => userId);
        const invisible = await invisibleOf(db, userIds, nowMs);
        await see(
          db,
          some.filter(({ userId }) => !invisible.has(userId)),
        );
      }
    },
  },
});

async function storedOf(db: Db, userIds: readonly string[]): Promise<StoredPresence[]> {
  const choices = await db
    .selectFrom('presence_settings')
    .selectAll()
    .where('user_id', 'in', userIds)
    .execute();
  const sightings = await db
    .selectFrom('presence_seen')
    .selectAll()
    .where('user_id', 'in', userIds)
    .execute();
  const choiceOf = new Map(choices.map((row) => [row.user_id, row]));
  const seenOf = new Map(sightings.map((row) => [row.user_id, row.last_seen_at]));
  return userIds.map((userId) => {
    const row = choiceOf.get(userId);
    return {
      userId,
      choice: row && { status: row.status, text: row.text, untilMs: row.until_at },
      lastSeenMs: seenOf.get(userId) ?? null,
    };
  });
}

async function invisibleOf(db: Db, userIds: readonly string[], nowMs: number): Promise<Set<string>> {
  const rows = await db
    .selectFrom('presence_settings')
    .select('user_id')
    .where('user_id', 'in', userIds)
    .where('status', '=', 'invisible')
    .where((row) => row.or([row('until_at', 'is', null), row('until_at', '>', nowMs)]))
    .execute();
  return new Set(rows.map((row) => row.user_id));
}

async function see(db: Db, sightings: readonly Sighting[]): Promise<void> {
  if (sightings.length === 0) return;
  await db
    .insertInto('presence_seen')
    .values(sightings.map(({ userId, atMs }) => ({ user_id: userId, last_seen_at: atMs })))
    .onConflict((conflict) =>
      conflict
        .column('user_id')
        .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
        .whereRef('excluded.last_seen_at', '>', 'presence_seen.last_seen_at'),
    )
    .execute();
}

function* portions<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  let start = 0;
  while (start < items.length) {
    const length = Math.min(ROWS_PER_STATEMENT, 2 ** Math.floor(Math.log2(items.length - start)));
    yield items.slice(start, start + length);
    start += length;
  }
}
