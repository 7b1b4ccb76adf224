import type { Kysely } from 'kysely';
import { type ChatTables, readRoomViews, type RoomEvent, type RoomView } from '../../records/index.js';
import type { AnswerBudget, Taken } from './answer-budget.js';
import { eventsOf } from './news-events.store.js';
import type { RoomNews } from './room-news.js';
import type { PackedRoom, Remembered, SyncQuery } from '../sync-page.js';

type Db = Kysely<ChatTables>;

/**
 * Events of the first read. Each further read has twice as many, so that there are few of them, and an answer cut by its
 * size has not read much more than it gives.
 */
const FIRST_READ = 100;

/** News with the events, or with what the node remembers of them. */
interface Found {
  readonly news: RoomNews;
  readonly view: RoomView;
  /** Undefined: the node has them. */
  readonly events: readonly RoomEvent[] | undefined;
  readonly sizes: readonly number[];
}

/** As many of the rooms as the budget allows. */
export async function packed(
  db: Db,
  query: SyncQuery,
  due: readonly RoomNews[],
  budget: AnswerBudget,
): Promise<PackedRoom[]> {
  const given: PackedRoom[] = [];
  for (const portion of portionsOf(due)) {
    for (const found of await read(db, query, portion)) {
      const taken = budget.take(found.news, sizeOf(found.view), found.sizes);
      if (taken === undefined) return given;
      given.push(packedRoom(found, taken));
    }
  }
  return given;
}

function* portionsOf(due: readonly RoomNews[]): Generator<RoomNews[]> {
  let portion: RoomNews[] = [];
  let size = FIRST_READ;
  let left = size;
  for (const news of due) {
    const planned = news.until - news.after;
    if (portion.length > 0 && planned > left) {
      yield portion;
      portion = [];
      left = size *= 2;
    }
    portion.push(news);
    left -= planned;
  }
  if (portion.length > 0) yield portion;
}

async function read(db: Db, query: SyncQuery, portion: readonly RoomNews[]): Promise<Found[]> {
  const { userId, ahead, remembered } = query;
  const roomIds = portion.map(({ roomId }) => roomId);
  const views = await readRoomViews(db, { userId, roomIds, ahead });
  const inMemory = new Map(portion.flatMap((news) => rememberedSizes(remembered.get(news.roomId), news)));
  const unknown = portion.filter(({ roomId }) => !inMemory.has(roomId));
  const stored = await eventsOf(db, unknown);
  return portion.map((news, index): Found => {
    const view = views[index];
    if (view?.id !== news.roomId) throw new Error(`room ${news.roomId} is gone within one snapshot`);
    const sizes = inMemory.get(news.roomId);
    if (sizes !== undefined) return { news, view, events: undefined, sizes };
    const events = stored.get(news.roomId) ?? [];
    return { news, view, events, sizes: events.map((event) => sizeOf(event) + 1) };
  });
}

/**
 * The sizes of these news' events, if the node has all of them as they are in this snapshot: it has followed the log to
 * its head, so it knows of every erasure; and no event shows a message that is not kept any more.
 */
function rememberedSizes(
  memory: Remembered | undefined,
  { roomId, after, until, head, floor }: RoomNews,
): [string, readonly number[]][] {
  if (memory === undefined || memory.position !== head || memory.oldestShown < floor) return [];
  const [from, to] = [after - memory.after, until - memory.after];
  return from < 0 || to > memory.sizes.length ? [] : [[roomId, memory.sizes.slice(from, to)]];
}

function packedRoom({ news, view, events }: Found, taken: Taken): PackedRoom {
  return {
    room: view,
    events: events?.slice(taken.after - news.after, taken.until - news.after) ?? taken,
    hasMore: news.keep === 'start' && taken.until < news.head,
    ...(news.isReset && { reset: true as const }),
    ...(news.isTruncated && { truncated: true as const }),
  };
}

const sizeOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));
