import type { Kysely } from 'kysely';
import type { RoomEvent } from './room-event.js';
import { messageRows, placeKey } from './lookups.store.js';
import type { ChatTables, RoomEventsTable } from './tables.js';
import { eventView } from './views.js';

/** A stretch of one room's log, and how much of it fits an answer. */
export interface Stretch {
  readonly roomId: string;
  readonly after: number;
  readonly until: number;
  readonly limit: number;
  /** Bytes of JSON; the first event is given whatever its size. */
  readonly maxBytes: number;
}

/** Rows are read in steps, so that a room of large messages is not read far beyond what the answer takes. */
const STEP = 100;

/** The first events of a stretch, as many as its limits allow. */
export async function readEvents(db: Kysely<ChatTables>, stretch: Stretch): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  let bytes = 0;
  let { after } = stretch;
  while (events.length < stretch.limit) {
    const rows = await eventRows(db, stretch, after, Math.min(STEP, stretch.limit - events.length));
    for (const event of await withMessages(db, rows)) {
      bytes += Buffer.byteLength(JSON.stringify(event));
      if (bytes > stretch.maxBytes && events.length > 0) return events;
      events.push(event);
      after = event.seq;
    }
    if (rows.length < STEP) break;
  }
  return events;
}

async function eventRows(
  db: Kysely<ChatTables>,
  { roomId, until }: Stretch,
  after: number,
  limit: number,
): Promise<RoomEventsTable[]> {
  return await db
    .selectFrom('room_events')
    .selectAll()
    .where('room_id', '=', roomId)
    .where('seq', '>', after)
    .where('seq', '<=', until)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** The rows as events, each with the message that it carries as it is now. */
export async function withMessages(
  db: Kysely<ChatTables>,
  rows: readonly RoomEventsTable[],
): Promise<RoomEvent[]> {
  const keys = rows.flatMap((row) =>
    row.message_seq === null ? [] : [[row.room_id, row.message_seq] as const],
  );
  const messages = await messageRows(db, keys);
  return rows.map((row) =>
    eventView(
      row,
      row.message_seq === null ? undefined : messages.get(placeKey(row.room_id, row.message_seq)),
    ),
  );
}
