import type { Kysely } from 'kysely';
import { defineStore, fitting } from '../../../storage/store.js';
import {
  type ActiveRoom,
  advanced,
  type ChatTables,
  inOrder,
  MARK_LENGTH,
  type OrderedRoom,
} from '../records/index.js';
import { AnswerBudget } from './news/answer-budget.js';
import { changedPositions } from './changed-positions.store.js';
import { packed } from './news/packing.store.js';
import { newsOf, type RoomNews } from './news/room-news.js';
import { countRooms, type NamedRoom, namedRooms, roomsOf } from './standing-rooms.store.js';
import type { SyncPage, SyncQuery } from './sync-page.js';

type Db = Kysely<ChatTables>;

const MAX_EVENTS = 1000;
/** What is around the lists of an answer, the cursor without marks included. */
const ENVELOPE = 600;

type DueRoom = RoomNews & OrderedRoom;

export const store = defineStore({
  name: 'chat/sync',
  url: import.meta.url,
  reads: {
    /** One page of what is news to a user. */
    sync: async (db: Db, query: SyncQuery): Promise<SyncPage> => {
      const { userId, rooms, isOtherEpoch, place } = query;
      const named = await namedRooms(db, userId, rooms, isOtherEpoch);
      const { reads, since } = await changedPositions(db, query, bytesLeft(query, []) / 2);
      const gone = stillGone(query, named);
      const removed = gone.length === 0 ? [] : fitting(gone, bytesLeft(query, [reads]));
      const due = await dueRooms(db, query, await roomsToTell(db, query, named));
      const isEmpty = reads.length === 0 && removed.length === 0;
      const budget = new AnswerBudget(MAX_EVENTS, bytesLeft(query, [reads, removed]), isEmpty);
      const given = removed.length < gone.length ? [] : await packed(db, query, due, budget);
      const isWhole = given.length === due.length && removed.length === gone.length;
      return {
        rooms: given,
        removed,
        reads,
        since,
        next: isWhole
          ? null
          : {
              order: advanced(place.order, due.slice(0, given.length)),
              removedFrom: removedUntil(query, gone, removed),
            },
      };
    },
  },
  writes: {},
});

function bytesLeft({ maxBytes, place }: SyncQuery, lists: readonly (readonly unknown[])[]): number {
  const used = lists.reduce((sum, list) => sum + Buffer.byteLength(JSON.stringify(list)), 0);
  return Math.max(0, maxBytes - ENVELOPE - place.order.given.length * MARK_LENGTH - used);
}

/** The named rooms in which the user is no member, without those that earlier pages told of. */
function stillGone({ rooms, place }: SyncQuery, named: readonly NamedRoom[]): string[] {
  const gone = new Set(named.filter(({ head }) => head === null).map(({ roomId }) => roomId));
  if (gone.size === 0) return [];
  return [...rooms.keys()].slice(place.removedFrom).filter((roomId) => gone.has(roomId));
}

/** Behind the last one told of, in the order of the request; at its end when all are. */
function removedUntil({ rooms }: SyncQuery, gone: readonly string[], told: readonly string[]): number {
  const last = told.at(-1);
  return told.length === gone.length || last === undefined ? rooms.size : [...rooms.keys()].indexOf(last) + 1;
}

/** The user's rooms that may have news: those that were named, and the rest if it is wanted and there is any. */
async function roomsToTell(db: Db, query: SyncQuery, named: readonly NamedRoom[]): Promise<ActiveRoom[]> {
  const told = named.filter((room): room is NamedRoom & ActiveRoom => room.head !== null);
  if (!query.isRestWanted) return told;
  const isNamed = query.rooms.size - (named.length - told.length);
  if ((await countRooms(db, query.userId)) === isNamed) return told;
  const all = await roomsOf(db, query.userId);
  return [...told, ...all.filter(({ roomId }) => !query.rooms.has(roomId))];
}

/** The rooms with something new that were not given yet, in the order of the first page. */
async function dueRooms(db: Db, query: SyncQuery, rooms: readonly ActiveRoom[]): Promise<DueRoom[]> {
  const { limit, isOtherEpoch, isRestWanted } = query;
  const withNews = rooms.flatMap((room) => {
    const news = newsOf(room, { seq: query.rooms.get(room.roomId), isOtherEpoch, isRestWanted, limit });
    return news === undefined ? [] : [{ ...room, ...news }];
  });
  return await inOrder(db, query.place.order, withNews);
}
