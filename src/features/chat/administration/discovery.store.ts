import { type Kysely, sql, type SqlBool } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { endOfPrefix } from '../../auth/store.js';
import {
  type ChatTables,
  fitting,
  foldedName,
  type PositionsAhead,
  readRoomViews,
  type RoomFacts,
  roomFacts,
  type RoomView,
  wordsOf,
  writeChannelNames,
} from '../records/index.js';

type Db = Kysely<ChatTables>;

/** Words of a query beyond these find nothing more. */
const MAX_WORDS = 10;
const CHANNELS_PER_FOLDING = 500;

/** A channel's place among all: by its folded name, then by its id. */
export interface ChannelPlace {
  readonly foldedName: string;
  readonly roomId: string;
}

export interface DiscoveryQuery {
  readonly userId: string;
  /** Undefined: every channel. */
  readonly query?: string;
  readonly place: ChannelPlace | null;
  readonly limit: number;
  readonly maxBytes: number;
  readonly ahead: PositionsAhead;
}

export interface DiscoveryPage {
  readonly rooms: readonly (RoomView | RoomFacts)[];
  readonly next: ChannelPlace | null;
}

/** Which channels there are. */
export const store = defineStore({
  name: 'chat/discovery',
  url: import.meta.url,
  reads: {
    discover: async (db: Db, query: DiscoveryQuery): Promise<DiscoveryPage> => {
      const found = await channels(db, query);
      const places = found.slice(0, query.limit);
      const rooms = fitting(await viewsOf(db, query, places), query.maxBytes);
      const last = places[rooms.length - 1];
      return { rooms, next: rooms.length === found.length || !last ? null : last };
    },
  },
  writes: {
    /** Folds names that were there before names were folded. Returns whether there may be more. */
    foldNames: async (db: Db): Promise<boolean> => {
      const rooms = await db
        .selectFrom('channel_names')
        .innerJoin('rooms', 'rooms.id', 'channel_names.room_id')
        .select(['rooms.id', 'rooms.name', 'rooms.archived_at'])
        .where('channel_names.folded_name', 'is', null)
        .limit(CHANNELS_PER_FOLDING)
        .execute();
      await writeChannelNames(db, rooms);
      return rooms.length === CHANNELS_PER_FOLDING;
    },
  },
});

/** One more than `limit`. */
async function channels(db: Db, { query, place, limit }: DiscoveryQuery): Promise<ChannelPlace[]> {
  const folded = foldedName(query ?? '');
  return await db
    .selectFrom('channel_names')
    .select(['folded_name as foldedName', 'room_id as roomId'])
    .where('folded_name', 'is not', null)
    .$narrowType<{ foldedName: string }>()
    .$if(place !== null, (names) =>
      names.where(sql<SqlBool>`(folded_name, room_id) > (${place?.foldedName}, ${place?.roomId})`),
    )
    .$if(folded !== '', (names) => names.where('room_id', 'in', matches(db, folded)))
    .orderBy('folded_name')
    .orderBy('room_id')
    .limit(limit + 1)
    .execute();
}

/** The channels whose name begins with the query, or has for each word of the query one that begins with it. */
function matches(db: Db, folded: string) {
  const byName = within(db.selectFrom('channel_names').select('room_id'), 'folded_name', folded);
  const words = wordsOf(folded).slice(0, MAX_WORDS);
  if (words.length === 0) return byName;
  const [first, ...others] = words.map((word) =>
    within(db.selectFrom('channel_words').select('room_id'), 'word', word),
  );
  if (!first) return byName;
  return byName.union(others.reduce((found, other) => found.where('room_id', 'in', other), first));
}

interface Ranged<Self> {
  where(column: 'folded_name' | 'word', operator: '>=' | '<', value: string): Self;
}

/** Bytewise, a prefix is a range of the index. */
function within<Query extends Ranged<Query>>(
  rows: Query,
  column: 'folded_name' | 'word',
  prefix: string,
): Query {
  const end = endOfPrefix(prefix);
  const from = rows.where(column, '>=', prefix);
  return end === null ? from : from.where(column, '<', end);
}

/** The channels as the user sees them, in the order of their places. */
async function viewsOf(
  db: Db,
  { userId, ahead }: DiscoveryQuery,
  places: readonly ChannelPlace[],
): Promise<(RoomView | RoomFacts)[]> {
  const roomIds = places.map(({ roomId }) => roomId);
  if (roomIds.length === 0) return [];
  const rows = await db.selectFrom('rooms').selectAll().where('id', 'in', roomIds).execute();
  const facts = new Map(rows.map((row) => [row.id, roomFacts(row)]));
  const own = await readRoomViews(db, { userId, roomIds, ahead });
  const views = new Map(own.map((view) => [view.id, view]));
  return roomIds.flatMap((id) => views.get(id) ?? facts.get(id) ?? []);
}
