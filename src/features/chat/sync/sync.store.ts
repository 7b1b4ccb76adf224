import type { Kysely } from 'kysely';
import { defineStore } from '../../../storage/store.js';
import { type ChatTables, type PositionsAhead, readRoomViews } from '../records/index.js';
import { AnswerBudget, type SyncedRoom } from './answer-budget.js';
import { eventsOf } from './news-events.store.js';
import { newsOf, type RoomNews, type RoomState } from './room-news.js';
import {
  advanced,
  byActivity,
  countsUntil,
  endingOf,
  isDue,
  type OrderedRoom,
  type RoomOrder,
} from './room-order.js';

type Db = Kysely<ChatTables>;

const MAX_EVENTS = 1000;
/** Events are read in portions, so that an answer cut by its size has not read everything that it leaves out. */
const EVENTS_PER_READ = 100;
/** More changed positions than these wait for the next `room.sync`. */
const MAX_READS = 500;

export interface SyncQuery {
  readonly userId: string;
  /** The last `seq` that the client has of each room it names. */
  readonly rooms: ReadonlyMap<string, number>;
  readonly isOtherEpoch: boolean;
  readonly isRestWanted: boolean;
  readonly limit: number;
  readonly order: RoomOrder;
  /** Positions changed by later commits than this one are given; null: none are. */
  readonly since: number | null;
  readonly ahead: PositionsAhead;
  readonly maxBytes: number;
}

/** The caller's own position in a room. */
export interface SyncedPosition {
  readonly roomId: string;
  readonly readSeq: number;
  readonly unread: number;
  readonly mentions: number;
  readonly muted: boolean | string;
}

export interface SyncPage {
  readonly rooms: readonly SyncedRoom[];
  readonly removed: readonly string[];
  readonly reads: readonly SyncedPosition[];
  /** The commit up to which `reads` are complete. */
  readonly commit: number;
  /** Where the next page goes on; null when no room remains. */
  readonly next: RoomOrder | null;
}

interface MemberRoom extends RoomState {
  readonly lastActiveMs: number;
  readonly changedCommit: number;
}

type DueRoom = RoomNews & OrderedRoom;

export const store = defineStore({
  name: 'chat/sync',
  url: import.meta.url,
  reads: {
    sync: async (db: Db, query: SyncQuery): Promise<SyncPage> => {
      const rooms = await memberRooms(db, query.userId);
      const { commits } = await db.selectFrom('log_state').select('commits').executeTakeFirstOrThrow();
      const changed = changedRooms(rooms, query);
      const due = await dueRooms(db, query, rooms);
      const given = await pack(db, query, due);
      const mine = new Set(rooms.map(({ roomId }) => roomId));
      return {
        rooms: given,
        removed: [...query.rooms.keys()].filter((roomId) => !mine.has(roomId)),
        reads: await positions(db, query, changed),
        commit: changed.isCut ? (changed.rooms.at(-1)?.changedCommit ?? commits) : commits,
        next: given.length < due.length ? advanced(query.order, due.slice(0, given.length)) : null,
      };
    },
  },
  writes: {},
});

async function memberRooms(db: Db, userId: string): Promise<MemberRoom[]> {
  return await db
    .selectFrom('members')
    .innerJoin('rooms', 'rooms.id', 'members.room_id')
    .select([
      'rooms.id as roomId',
      'rooms.head',
      'rooms.floor',
      'rooms.last_active_at as lastActiveMs',
      'members.changed_commit as changedCommit',
    ])
    .where('members.user_id', '=', userId)
    .execute();
}

/** The rooms with something new that were not given yet, in the order of the first page. */
async function dueRooms(db: Db, query: SyncQuery, rooms: readonly MemberRoom[]): Promise<DueRoom[]> {
  const { limit, isOtherEpoch, isRestWanted, order } = query;
  const given = new Set(order.given);
  const due: DueRoom[] = [];
  for (const room of rooms) {
    const named = { seq: query.rooms.get(room.roomId), isOtherEpoch, isRestWanted, limit };
    const news = given.has(endingOf(room.roomId)) ? undefined : newsOf(room, named);
    if (news === undefined) continue;
    const ordered = { ...news, activeMs: await activityOf(db, room, order) };
    if (isDue(order, ordered)) due.push(ordered);
  }
  return due.toSorted(byActivity);
}

/** A room that became active since the first page stands where it stood. */
async function activityOf(db: Db, room: MemberRoom, order: RoomOrder): Promise<number> {
  const untilMs = countsUntil(order);
  if (room.lastActiveMs <= untilMs) return room.lastActiveMs;
  const event = await db
    .selectFrom('room_events')
    .select('at')
    .where('room_id', '=', room.roomId)
    .where('at', '<=', untilMs)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return event?.at ?? 0;
}

async function pack(db: Db, query: SyncQuery, due: readonly DueRoom[]): Promise<SyncedRoom[]> {
  const budget = new AnswerBudget(MAX_EVENTS, query.maxBytes);
  const given: SyncedRoom[] = [];
  for (const portion of portionsOf(due)) {
    const events = await eventsOf(db, portion);
    const roomIds = portion.map(({ roomId }) => roomId);
    const views = await readRoomViews(db, { userId: query.userId, roomIds, ahead: query.ahead });
    const viewOf = new Map(views.map((view) => [view.id, view]));
    for (const news of portion) {
      const view = viewOf.get(news.roomId);
      if (view === undefined) throw new Error(`room ${news.roomId} is gone within one snapshot`);
      const room = budget.take(news, view, events.get(news.roomId) ?? []);
      if (room === undefined) return given;
      given.push(room);
    }
  }
  return given;
}

function* portionsOf(due: readonly DueRoom[]): Generator<DueRoom[]> {
  let portion: DueRoom[] = [];
  let events = 0;
  for (const news of due) {
    const planned = news.until - news.after;
    if (portion.length > 0 && events + planned > EVENTS_PER_READ) {
      yield portion;
      portion = [];
      events = 0;
    }
    portion.push(news);
    events += planned;
  }
  if (portion.length > 0) yield portion;
}

interface ChangedRooms {
  readonly rooms: readonly MemberRoom[];
  /** Later commits changed others, which are left for the next time. */
  readonly isCut: boolean;
}

/** The rooms in which the caller's position moved, by commit; a commit is given whole. */
function changedRooms(rooms: readonly MemberRoom[], { since, ahead }: SyncQuery): ChangedRooms {
  if (since === null) return { rooms: [], isCut: false };
  const changed = rooms
    .filter(({ roomId, changedCommit }) => changedCommit > since || roomId in ahead)
    .toSorted((one, other) => one.changedCommit - other.changedCommit);
  const next = changed[MAX_READS];
  if (next === undefined) return { rooms: changed, isCut: false };
  const before = changed.filter(({ changedCommit }) => changedCommit < next.changedCommit);
  const whole = changed.filter(({ changedCommit }) => changedCommit <= next.changedCommit);
  return { rooms: before.length > 0 ? before : whole, isCut: true };
}

async function positions(db: Db, query: SyncQuery, { rooms }: ChangedRooms): Promise<SyncedPosition[]> {
  const roomIds = rooms.map(({ roomId }) => roomId);
  const views = await readRoomViews(db, { userId: query.userId, roomIds, ahead: query.ahead });
  return views.map(({ id, readSeq, unread, mentions, muted }) => ({
    roomId: id,
    readSeq,
    unread,
    mentions,
    muted,
  }));
}
