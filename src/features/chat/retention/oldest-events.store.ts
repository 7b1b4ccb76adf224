import type { Kysely } from 'kysely';
import type { ChatTables, RoomEventsTable } from '../records/index.js';

type Db = Kysely<ChatTables>;

/** The due events at the low end of a room's log that one transaction may drop. */
export interface OldestEvents {
  readonly floor: number;
  /** The last of them; undefined when there is none. */
  readonly last: Pick<RoomEventsTable, 'seq' | 'ordinal'> | undefined;
  /** Rows that go with them: the events, and reactions to their messages. */
  readonly weight: number;
}

/**
 * Finds them. A message may have more reactions than there are events, so they weigh; but the first event is always given, so
 * that a heavy one is dropped too. No event is older than the one before it, so the due ones are the first ones.
 */
export async function oldestEvents(
  db: Db,
  roomId: string,
  beforeMs: number,
  budget: number,
): Promise<OldestEvents> {
  const { floor } = await db
    .selectFrom('rooms')
    .select('floor')
    .where('id', '=', roomId)
    .executeTakeFirstOrThrow();
  const events = await dueEvents(db, { roomId, floor, beforeMs }, budget);
  const reactions = await reactionsTo(db, roomId, floor, events.at(-1)?.seq ?? 0);
  let [weight, count] = [0, 0];
  for (const { seq } of events) {
    weight += 1 + (reactions.get(seq) ?? 0);
    if (weight > budget && count > 0) break;
    count += 1;
  }
  return { floor, last: events[count - 1], weight };
}

interface DueQuery {
  readonly roomId: string;
  readonly floor: number;
  readonly beforeMs: number;
}

async function dueEvents(db: Db, { roomId, floor, beforeMs }: DueQuery, limit: number) {
  const rows = await db
    .selectFrom('room_events')
    .select(['seq', 'ordinal', 'at'])
    .where('room_id', '=', roomId)
    .where('seq', '>=', floor)
    .orderBy('seq')
    .limit(limit)
    .execute();
  const kept = rows.findIndex(({ at }) => at >= beforeMs);
  return kept === -1 ? rows : rows.slice(0, kept);
}

async function reactionsTo(
  db: Db,
  roomId: string,
  from: number,
  until: number,
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('reaction_counts')
    .select((row) => ['message_seq', row.fn.sum<number>('count').as('count')])
    .where('room_id', '=', roomId)
    .where('message_seq', '>=', from)
    .where('message_seq', '<=', until)
    .groupBy('message_seq')
    .execute();
  return new Map(rows.map(({ message_seq, count }) => [message_seq, Number(count)]));
}
