import type { Kysely } from 'kysely';
import type { RoomView } from './room-view.js';
import { messagesByKey, ordinalsAt, placeKey } from './lookups.store.js';
import { readMessageViews } from './message-views.store.js';
import { type ChatTables, FOR_EVER_MS, type MembersTable, type RoomsTable } from './tables.js';
import { iso, roomFacts } from './views.js';

/** Read positions that are known before they are stored: `seq` by room. */
export type PositionsAhead = Readonly<Record<string, number>>;

export interface RoomViewsQuery {
  readonly userId: string;
  readonly roomIds: readonly string[];
  readonly ahead: PositionsAhead;
  /** Shows each room as it was when this was its head; default: as it is. */
  readonly asOf?: number;
}

/** Each room is a term of its own, and SQLite nests at most 1,000 of them. */
const ROOMS_PER_COUNT = 200;

type MemberRoom = RoomsTable &
  Pick<MembersTable, 'role' | 'read_seq' | 'read_ordinal' | 'muted_until'> & {
    last_message_seq: number | null;
  };

/** A member's room with the position that its unread counts start from. */
interface Position {
  readonly row: MemberRoom;
  readonly head: number;
  readonly readSeq: number;
}

/** These rooms as the user sees them, in the order of `roomIds`; those in which the user is no member are left out. */
export async function readRoomViews(db: Kysely<ChatTables>, query: RoomViewsQuery): Promise<RoomView[]> {
  const rows = await memberRooms(db, query);
  const positions = rows.map((row): Position => {
    const head = Math.min(query.asOf ?? row.head, row.head);
    const readSeq = Math.min(Math.max(row.read_seq, query.ahead[row.id] ?? 0), head);
    return { row, head, readSeq };
  });
  const ordinals = await ordinalsOf(db, positions);
  const mentions = await mentionsAfter(db, query.userId, positions);
  const lastMessages = await messagesByKey(db, positions.flatMap(lastMessageKey));
  const messages = new Map(
    (await readMessageViews(db, query.userId, lastMessages)).map((view) => [view.roomId, view]),
  );
  const views = positions.map((position): RoomView => {
    const { row, head, readSeq } = position;
    return {
      ...roomFacts(row),
      head,
      role: row.role,
      readSeq,
      unread: ordinals(row, head) - ordinals(row, readSeq),
      mentions: mentions.get(row.id) ?? 0,
      muted: mutedOf(row),
      lastMessage: messages.get(row.id) ?? null,
    };
  });
  return inOrder(views, query.roomIds);
}

function mutedOf({ muted_until: untilMs }: MemberRoom): boolean | string {
  if (untilMs === null) return false;
  return untilMs === FOR_EVER_MS || iso(untilMs);
}

async function memberRooms(db: Kysely<ChatTables>, query: RoomViewsQuery): Promise<MemberRoom[]> {
  if (query.roomIds.length === 0) return [];
  return await db
    .selectFrom('rooms')
    .innerJoin('members', 'members.room_id', 'rooms.id')
    .selectAll('rooms')
    .select(['members.role', 'members.read_seq', 'members.read_ordinal', 'members.muted_until'])
    .select((room) =>
      room
        .selectFrom('messages')
        .whereRef('messages.room_id', '=', 'rooms.id')
        .where('messages.seq', '<=', query.asOf ?? Number.MAX_SAFE_INTEGER)
        .select((message) => message.fn.max<number | null>('messages.seq').as('seq'))
        .as('last_message_seq'),
    )
    .where('members.user_id', '=', query.userId)
    .where('members.joined_seq', '<=', query.asOf ?? Number.MAX_SAFE_INTEGER)
    .where('rooms.id', 'in', query.roomIds)
    .execute();
}

/** Looks up the ordinals that neither the room nor the member's row holds, and gives all of them. */
async function ordinalsOf(
  db: Kysely<ChatTables>,
  positions: readonly Position[],
): Promise<(row: MemberRoom, seq: number) => number> {
  const missing = positions.flatMap(({ row, head, readSeq }) =>
    [head, readSeq].flatMap((seq) =>
      seq === row.head || seq === row.read_seq || seq < row.floor ? [] : [[row.id, seq] as const],
    ),
  );
  const found = await ordinalsAt(db, missing);
  return (row, seq) => {
    if (seq === row.head) return row.ordinal;
    // What was dropped counts as read.
    if (seq < row.floor) return row.floor_ordinal;
    return seq === row.read_seq ? row.read_ordinal : (found.get(placeKey(row.id, seq)) ?? 0);
  };
}

async function mentionsAfter(
  db: Kysely<ChatTables>,
  userId: string,
  positions: readonly Position[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const unread = positions.filter(({ head, readSeq }) => head > readSeq);
  for (let start = 0; start < unread.length; start += ROOMS_PER_COUNT) {
    const rows = await countMentions(db, userId, unread.slice(start, start + ROOMS_PER_COUNT));
    for (const { room_id, count } of rows) counts.set(room_id, Number(count));
  }
  return counts;
}

async function countMentions(db: Kysely<ChatTables>, userId: string, positions: readonly Position[]) {
  return await db
    .selectFrom('mentions')
    .select((mention) => ['room_id', mention.fn.countAll<number>().as('count')])
    .where('user_id', '=', userId)
    // These two follow from the terms below, and are what the key's index is searched by.
    .where(
      'room_id',
      'in',
      positions.map(({ row }) => row.id),
    )
    .where('seq', '>', Math.min(...positions.map(({ readSeq }) => readSeq)))
    .where((mention) =>
      mention.or(
        positions.map(({ row, head, readSeq }) =>
          mention.and([
            mention('room_id', '=', row.id),
            mention('seq', '>', readSeq),
            mention('seq', '<=', head),
          ]),
        ),
      ),
    )
    .groupBy('room_id')
    .execute();
}

function lastMessageKey({ row }: Position): (readonly [string, number])[] {
  return row.last_message_seq === null ? [] : [[row.id, row.last_message_seq]];
}

function inOrder(views: readonly RoomView[], roomIds: readonly string[]): RoomView[] {
  const byId = new Map(views.map((view) => [view.id, view]));
  return roomIds.flatMap((id) => byId.get(id) ?? []);
}
