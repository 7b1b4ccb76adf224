import { type Kysely, sql } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { USER_COLUMNS, userOf, type UserRow } from '../accounts/user-rows.js';
import type { User } from '../accounts/user.js';
import type { AuthTables } from '../auth.tables.js';
import { compareBytewise, endOfPrefix } from './prefix-range.js';

type Db = Kysely<AuthTables>;

/** A place in the order of the found: by the folded name that a user is found by, then by id. */
export interface DirectoryPlace {
  readonly key: string;
  readonly userId: string;
}

export interface DirectoryQuery {
  /** Folded, not empty. */
  readonly prefix: string;
  /** Goes on after this place, whose key begins with `prefix`; `null`: from the start. */
  readonly after: DirectoryPlace | null;
  readonly limit: number;
}

/** A user at one of the at most two places at which the index has them. */
interface Entry extends DirectoryPlace {
  readonly user: User;
  /** Whether it is the first of the user's places within the prefix: there, and only there, the user is found. */
  readonly isFirst: boolean;
}

/** What was found, and from where it goes on. */
export interface DirectoryPart {
  readonly found: readonly (DirectoryPlace & { readonly user: User })[];
  /** `null`: nothing comes after these. */
  readonly next: DirectoryPlace | null;
}

/**
 * Reads so often for one part at most, unless nothing was found yet: where many have two names in the prefix, a part may
 * be shorter than its limit, but the next one goes on where it ends.
 */
const MOST_READS = 4;

async function find(db: Db, { prefix, after, limit }: DirectoryQuery): Promise<DirectoryPart> {
  const found: Entry[] = [];
  let place = after;
  for (let reads = 0; reads < MOST_READS || found.length === 0; reads += 1) {
    const { entries, isEnd } = await nextEntries(db, { prefix, after: place, limit: limit + 1 });
    for (const entry of entries) {
      if (entry.isFirst && found.length === limit) return { found, next: place };
      if (entry.isFirst) found.push(entry);
      place = entry;
    }
    if (isEnd) return { found, next: null };
  }
  return { found, next: place };
}

/** The next entries of both indexes in one order, as far as both were read. */
async function nextEntries(
  db: Db,
  query: DirectoryQuery,
): Promise<{ entries: readonly Entry[]; isEnd: boolean }> {
  const lists = [await entriesBy(db, 'username', query), await entriesBy(db, 'folded_name', query)];
  const unread = lists.filter((list) => list.length === query.limit).flatMap((list) => list.slice(-1));
  const [until] = unread.toSorted(comparePlaces);
  const entries = lists.flat().toSorted(comparePlaces);
  return {
    entries: until === undefined ? entries : entries.filter((entry) => comparePlaces(entry, until) <= 0),
    isEnd: until === undefined,
  };
}

/** The next entries of one index, a range of it, read in its order. */
async function entriesBy(
  db: Db,
  column: 'username' | 'folded_name',
  { prefix, after, limit }: DirectoryQuery,
): Promise<Entry[]> {
  const end = endOfPrefix(prefix);
  const key = sql.ref(column);
  const from = after
    ? sql<boolean>`(${key}, id) > (${after.key}, ${after.userId})`
    : sql<boolean>`${key} >= ${prefix}`;
  const rows = await db
    .selectFrom('users')
    .select([...USER_COLUMNS, 'folded_name'])
    .where('deleted_at', 'is', null)
    .where(from)
    .$if(end !== null, (users) => users.where(column, '<', end))
    .orderBy(column)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => entryOf(row, column, prefix));
}

interface Row extends UserRow {
  readonly folded_name: string;
}

/** One whose two names are the same is found by the username. */
function entryOf(row: Row, column: 'username' | 'folded_name', prefix: string): Entry {
  const names = [row.username ?? '', row.folded_name];
  const [first] = names.filter((name) => name.startsWith(prefix)).toSorted(compareBytewise);
  const key = row[column] ?? '';
  const isRepeated = column === 'folded_name' && key === row.username;
  return { key, userId: row.id, user: userOf(row), isFirst: key === first && !isRepeated };
}

function comparePlaces(one: DirectoryPlace, other: DirectoryPlace): number {
  return compareBytewise(one.key, other.key) || compareBytewise(one.userId, other.userId);
}

/** Who is here, by the beginning of their names. */
export const store = defineStore({
  name: 'auth/directory',
  url: import.meta.url,
  reads: { find },
  writes: {},
});
