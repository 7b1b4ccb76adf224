import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import {
  type ChatTables,
  fitting,
  membersByKey,
  messagesByKey,
  type MessagesTable,
  type MessageView,
  placeKey,
  readMessageViews,
} from '../records/index.js';
import {
  bringUpToDate,
  type IndexedPlace,
  searchIndex,
  type SearchTerm,
  termsOf,
} from '../search-index/index.js';
import { rank } from './ranking.js';
import { snippetOf } from './snippet.js';

type Db = Kysely<ChatTables>;

/** Matches that are ranked together: a window. What is newer comes in an earlier one. */
const WINDOW = 500;

/** Windows of one search. Where most matches are in other users' rooms, an answer may have fewer hits than it could. */
const MAX_WINDOWS = 10;

/** The last hit given, and the window that it was found in. */
export interface SearchPlace {
  /** Positions of the window: from `from`, 0 if it is not known yet, and before `before`. */
  readonly before: number;
  readonly from: number;
  readonly score: number;
  readonly position: number;
}

export interface SearchQuery {
  readonly userId: string;
  readonly query: string;
  readonly roomId: string | null;
  readonly senderId: string | null;
  /** Null: from the beginning. */
  readonly place: SearchPlace | null;
  readonly limit: number;
  readonly maxBytes: number;
}

export interface SearchHit {
  readonly message: MessageView;
  readonly snippet: string;
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Where the next page begins, when there may be one. */
  readonly next: SearchPlace | null;
}

interface RankedHit {
  readonly row: MessagesTable;
  readonly at: number;
  readonly place: SearchPlace;
}

type Window = Pick<SearchPlace, 'before' | 'from'>;

export const store = defineStore({
  name: 'chat/search',
  url: import.meta.url,
  reads: {
    /** The best matches of the newest window, then those of the next; null for one who is not in the room. */
    search: async (db: Db, query: SearchQuery): Promise<SearchPage | null> => {
      if (query.roomId !== null) {
        const [member] = await membersByKey(db, [[query.roomId, query.userId]]);
        if (!member) return null;
      }
      const terms = termsOf(query.query);
      if (terms.length === 0) return { hits: [], next: null };
      const { hits, next } = await collect(db, query, terms);
      return await page(db, query, hits, next);
    },
  },
  writes: {
    /** Makes the index anew if its rules are not these; says of how many messages, or null if it did not. */
    prepare: async (db: Db): Promise<number | null> => bringUpToDate(db),
  },
  onPostgres: { prepare: 'at length' },
});

/** One hit more than `limit` when there are, or where the search stopped. */
async function collect(db: Db, query: SearchQuery, terms: readonly SearchTerm[]) {
  const hits: RankedHit[] = [];
  let window: Window = query.place ?? { before: (await searchIndex.newest(db)) + 1, from: 0 };
  for (let count = 0; count < MAX_WINDOWS; count += 1) {
    const { ranked, from } = await rankWindow(db, query, terms, window);
    hits.push(...ranked);
    if (from === 0 || hits.length > query.limit) return { hits, next: null };
    window = { before: from, from: 0 };
  }
  return { hits, next: { ...window, ...START } };
}

/** Better than every hit of a window. */
const START = { score: Number.MAX_SAFE_INTEGER, position: 0 };

/** The hits of one window that come after the place, the best first; `from` is 0 when it was the last window. */
async function rankWindow(
  db: Db,
  { userId, roomId, senderId, place }: SearchQuery,
  terms: readonly SearchTerm[],
  window: Window,
): Promise<{ ranked: RankedHit[]; from: number }> {
  // An edit may have brought more matches into a window whose end is fixed.
  const limit = window.from === 0 ? WINDOW : 2 * WINDOW;
  const { places, reached } = await searchIndex.find(db, { userId, roomId, terms, ...window, limit });
  const from = window.from === 0 ? (reached ?? 0) : window.from;
  const rows = await messagesByKey(
    db,
    places.map(({ room_id, seq }) => [room_id, seq]),
  );
  const wanted = senderId === null ? rows : rows.filter((row) => row.sender_id === senderId);
  const byPlace = new Map(wanted.map((row) => [placeKey(row.room_id, row.seq), row]));
  const ranked = places.flatMap((found) => hitAt(found, byPlace, terms, { before: window.before, from }));
  return {
    ranked: ranked
      .filter((hit) => place === null || place.before !== window.before || isAfter(hit.place, place))
      .toSorted((one, other) => (isAfter(one.place, other.place) ? 1 : -1)),
    from,
  };
}

function hitAt(
  { position, room_id, seq }: IndexedPlace,
  rows: ReadonlyMap<string, MessagesTable>,
  terms: readonly SearchTerm[],
  window: Window,
): RankedHit[] {
  const row = rows.get(placeKey(room_id, seq));
  if (!row) return [];
  const { score, at } = rank(row.text, terms);
  return [{ row, at, place: { ...window, score, position } }];
}

/** Higher scores come first, and of equal ones the newer. */
function isAfter(one: SearchPlace, other: SearchPlace): boolean {
  return one.score === other.score ? one.position < other.position : one.score < other.score;
}

async function page(
  db: Db,
  { userId, limit, maxBytes }: SearchQuery,
  found: readonly RankedHit[],
  next: SearchPlace | null,
): Promise<SearchPage> {
  const wanted = found.slice(0, limit);
  const views = await readMessageViews(
    db,
    userId,
    wanted.map(({ row }) => row),
  );
  const all = views.map((message, index) => ({
    message,
    snippet: snippetOf(message.text, wanted[index]?.at ?? 0),
  }));
  const hits = fitting(all, maxBytes);
  const isWhole = hits.length === found.length;
  return { hits, next: isWhole ? next : (wanted[hits.length - 1]?.place ?? next) };
}
