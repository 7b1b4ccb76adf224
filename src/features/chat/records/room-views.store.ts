import { type Kysely, sql, type SqlBool } from 'kysely';
import type { RoomView } from './room-view.js';
import { messagesByKey, ordinalsAt, placeKey } from './lookups.store.js';
import { wanted, withManyKeys } from './many.store.js';
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
  const asOf = query.asOf ?? Number.MAX_SAFE_INTEGER;
  return await memberRoomsByKey(
    db,
    query.roomIds.map((roomId) => [roomId, query.userId, asOf]),
  );
}

/** Rooms by `[id, user_id of a member, seq that they are shown at]`. */
const memberRoomsByKey = withManyKeys<MemberRoom>((db, keys) =>
  db
    .selectFrom(wanted(keys).as('wanted'))
    .innerJoin('rooms', (join) => join.on('rooms.id', '=', sql.ref('wanted.column1')))
    .innerJoin('members', (join) =>
      join
        .onRef('members.room_id', '=', 'rooms.id')
        .on('members.user_id', '=', sql.ref('wanted.column2'))
        .on('members.joined_seq', '<=', sql.ref('wanted.column3')),
    )
    .selectAll('rooms')
    .select(['members.role', 'members.read_seq', 'members.read_ordinal', 'members.muted_until'])
    .select((room) =>
      room
        .selectFrom('messages')
        .whereRef('messages.room_id', '=', 'rooms.id')
        .where(sql<SqlBool>`messages.seq <= wanted.column3`)
        .select((message) => message.fn.max<number | null>('messages.seq').as('seq'))
        .as('last_message_seq'),
    ),
);

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
  const unread = positions.filter(({ head, readSeq }) => head > readSeq);
  const rows = await mentionCounts(
    db,
    unread.map(({ row, head, readSeq }) => [userId, row.id, readSeq, head]),
  );
  return new Map(rows.map(({ room_id, count }) => [room_id, Number(count)]));
}

/** How often users are named, by `[user_id, room_id, after seq, up to seq]`. */
const mentionCounts = withManyKeys((db, keys) =>
  db
    .selectFrom(wanted(keys).as('wanted'))
    .innerJoin('mentions', (join) =>
      join
        .on('mentions.user_id', '=', sql.ref('wanted.column1'))
        .on('mentions.room_id', '=', sql.ref('wanted.column2'))
        .on('mentions.seq', '>', sql.ref('wanted.column3'))
        .on('mentions.seq', '<=', sql.ref('wanted.column4')),
    )
    .select((mention) => ['mentions.room_id', mention.fn.countAll<number>().as('count')])
    .groupBy('mentions.room_id'),
);

function lastMessageKey({ row }: Position): (readonly [string, number])[] {
  return row.last_message_seq === null ? [] : [[row.id, row.last_message_seq]];
}

function inOrder(views: readonly RoomView[], roomIds: readonly string[]): RoomView[] {
  const byId = new Map(views.map((view) => [view.id, view]));
  return roomIds.flatMap((id) => byId.get(id) ?? []);
}
