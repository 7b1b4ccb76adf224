import { type Kysely, type RawBuilder, sql } from 'kysely';
import { defineStore, dialectOf, keyIn, wanted } from '../../../storage/store.js';
import {
  type ChatTables,
  lockConsumers,
  lockOutbox,
  type RoomEvent,
  type RoomEventsTable,
  withMessages,
} from '../records/index.js';

type Db = Kysely<ChatTables>;

/** A consumer, and the types of events that are kept for it. */
export interface Registration {
  readonly name: string;
  readonly types: '*' | readonly string[];
}

export interface Registering {
  readonly consumers: readonly (Registration & { readonly from: 'now' | 'start' })[];
  /** Consumers whose events are no longer kept. */
  readonly forgotten: readonly string[];
  /** True where no other process can hold a consumer: who held one is dead. */
  readonly isAlone: boolean;
  readonly nowMs: number;
}

export interface PageQuery extends Registration {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** How far a consumer has had a room's events. */
export interface Place {
  readonly roomId: string;
  readonly through: number;
}

export interface Page {
  readonly events: readonly RoomEvent[];
  /** Where the consumer stands after these events; also of rooms in which nothing was left of what it wants. */
  readonly places: readonly Place[];
  readonly hasMore: boolean;
}

export interface Claim {
  readonly consumer: string;
  readonly holder: string;
  readonly leaseMs: number;
  /** The time, unless the database is one that nodes share: then it is the database's. */
  readonly nowMs: number;
}

/** A room with events for the consumer. */
interface WaitingRoom {
  readonly roomId: string;
  readonly afterSeq: number;
  readonly lastSeq: number;
}

/** Messages are joined to so many events at a time, so that large ones are not read far beyond the page. */
const STEP = 50;

/** What consumers of the logs have had, and the events that they have not. */
export const store = defineStore({
  name: 'chat/consumers',
  url: import.meta.url,
  reads: {
    /** The next events of a consumer: rooms that wait longest first, each in the order of its log. */
    page: async (db: Db, query: PageQuery): Promise<Page> => {
      const rooms = await waitingRooms(db, query);
      const page = new OpenPage(query.maxEvents, query.maxBytes);
      for (const room of rooms) {
        await fill(db, page, room, query.types);
        if (page.isFull) break;
      }
      const { events, places, isFull } = page;
      return { events, places, hasMore: isFull || rooms.length === query.maxEvents };
    },
  },
  writes: {
    /** Keeps events for these consumers from here on, and returns all that events are kept for. */
    register: async (db: Db, registering: Registering): Promise<Registration[]> => {
      const { consumers, forgotten, isAlone } = registering;
      if (await changesAnything(db, registering)) await lockConsumers(db);
      for (const name of forgotten) await forget(db, name);
      for (const consumer of consumers) await registerOne(db, consumer, registering.nowMs);
      if (isAlone) await db.updateTable('log_consumers').set({ holder: null, held_until: 0 }).execute();
      const rows = await db.selectFrom('log_consumers').select(['name', 'types']).orderBy('name').execute();
      return rows.map(({ name, types }) => ({ name, types: JSON.parse(types) as Registration['types'] }));
    },

    /** Takes a consumer, or keeps it; false while another one holds it, or when it is forgotten. */
    claim: async (db: Db, { consumer, holder, leaseMs, nowMs }: Claim): Promise<boolean> => {
      const { numUpdatedRows } = await db
        .updateTable('log_consumers')
        .set({ holder, held_until: timeIn(db, nowMs, leaseMs) })
        .where('name', '=', consumer)
        .where((row) =>
          row.or([
            row('holder', 'is', null),
            row('holder', '=', holder),
            row('held_until', '<', timeIn(db, nowMs)),
          ]),
        )
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** Lets go of consumers, so that another node need not wait for the end of the claim. */
    release: async (db: Db, holder: string): Promise<void> => {
      const free = { holder: null, held_until: 0 };
      await db.updateTable('log_consumers').set(free).where('holder', '=', holder).execute();
    },

    /** Notes what the consumer has had. False, and nothing noted, when it is another one's meanwhile. */
    acknowledge: async (db: Db, { places, ...claim }: Claim & { places: readonly Place[] }) => {
      if (!(await extend(db, claim))) return false;
      await advance(db, claim, places);
      return true;
    },
  },
  onPostgres: { register: 'locks', acknowledge: 'locks' },
});

/** A node that starts with what is registered already holds up nobody. */
async function changesAnything(db: Db, { consumers, forgotten }: Registering): Promise<boolean> {
  const rows = await db.selectFrom('log_consumers').select(['name', 'types']).execute();
  const known = new Map(rows.map(({ name, types }) => [name, types]));
  return (
    consumers.some(({ name, types }) => known.get(name) !== JSON.stringify(types)) ||
    forgotten.some((name) => known.has(name))
  );
}

async function forget(db: Db, name: string): Promise<void> {
  await db.deleteFrom('outbox').where('consumer', '=', name).execute();
  await db.deleteFrom('log_consumers').where('name', '=', name).execute();
}

async function registerOne(
  db: Db,
  { name, types, from }: Registering['consumers'][number],
  nowMs: number,
): Promise<void> {
  const row = { name, types: JSON.stringify(types) };
  const { numUpdatedRows } = await db
    .updateTable('log_consumers')
    .set(row)
    .where('name', '=', name)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  // Nodes that start together register the same ones.
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('log_consumers')
    .values({ ...row, holder: null, held_until: 0 })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) return;
  if (from === 'start') await noteAllRooms(db, name, nowMs);
}

async function noteAllRooms(db: Db, name: string, nowMs: number): Promise<void> {
  await db
    .insertInto('outbox')
    .columns(['consumer', 'room_id', 'after_seq', 'last_seq', 'queued_at'])
    .expression(
      db
        .selectFrom('rooms')
        .select([
          sql<string>`cast(${name} as text)`.as('consumer'),
          'id',
          sql<number>`0`.as('after_seq'),
          'head',
          sql<number>`cast(${nowMs} as bigint)`.as('queued_at'),
        ]),
    )
    .execute();
}

/** So long after now. Clocks of nodes may be apart by more than a claim lasts. */
function timeIn(db: Db, nowMs: number, delayMs = 0): RawBuilder<number> {
  if (dialectOf(db) === 'sqlite') return sql<number>`cast(${nowMs + delayMs} as bigint)`;
  return sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint) + ${delayMs}`;
}

/** Whether the claim is still the holder's, which is then extended. */
async function extend(db: Db, { consumer, holder, leaseMs, nowMs }: Claim): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('log_consumers')
    .set({ holder, held_until: timeIn(db, nowMs, leaseMs) })
    .where('name', '=', consumer)
    .where('holder', '=', holder)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Rooms that are not done with go to the end of the queue, so that a busy one keeps none waiting. */
async function advance(db: Db, { consumer, nowMs }: Claim, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return;
  await lockOutbox(
    db,
    consumer,
    places.map(({ roomId }) => roomId),
  );
  const had = wanted(places.map(({ roomId, through }) => [roomId, through]));
  await db
    .updateTable('outbox')
    .from(had.as('had'))
    .set({ after_seq: sql`had.column2`, queued_at: nowMs })
    .where('consumer', '=', consumer)
    .where(sql<boolean>`outbox.room_id = had.column1`)
    .execute();
  const keys = places.map(({ roomId }) => [consumer, roomId]);
  await db
    .deleteFrom('outbox')
    .where(keyIn(['consumer', 'room_id'], keys))
    .whereRef('after_seq', '>=', 'last_seq')
    .execute();
}

async function waitingRooms(db: Db, { name, maxEvents }: PageQuery): Promise<WaitingRoom[]> {
  return await db
    .selectFrom('outbox')
    .select(['room_id as roomId', 'after_seq as afterSeq', 'last_seq as lastSeq'])
    .where('consumer', '=', name)
    .orderBy('queued_at')
    .orderBy('room_id')
    .limit(maxEvents)
    .execute();
}

/** A page that is being filled, room after room. */
class OpenPage {
  readonly events: RoomEvent[] = [];
  readonly places: Place[] = [];
  isFull = false;
  #bytes = 0;

  constructor(
    private readonly maxEvents: number,
    private readonly maxBytes: number,
  ) {}

  get eventsLeft(): number {
    return this.maxEvents - this.events.length;
  }

  /** Adds an event if it fits; the first one always does. */
  add(event: RoomEvent): boolean {
    this.#bytes += Buffer.byteLength(JSON.stringify(event));
    this.isFull = this.events.length > 0 && this.#bytes > this.maxBytes;
    if (!this.isFull) this.events.push(event);
    return !this.isFull;
  }

  /** Ends in the middle of a room, or just before it. */
  endIn({ roomId }: WaitingRoom): void {
    this.isFull = true;
    const last = this.events.at(-1);
    if (last?.roomId === roomId) this.places.push({ roomId, through: last.seq });
  }
}

/** A room of which nothing wanted is left (retention may have dropped it) is done with as well. */
async function fill(db: Db, page: OpenPage, room: WaitingRoom, types: Registration['types']): Promise<void> {
  const limit = page.eventsLeft;
  const rows = await wantedRows(db, room, types, limit);
  for (let start = 0; start < rows.length; start += STEP) {
    const events = await withMessages(db, rows.slice(start, start + STEP));
    if (!events.every((event) => page.add(event))) break;
  }
  if (page.isFull || rows.length === limit) page.endIn(room);
  else page.places.push({ roomId: room.roomId, through: room.lastSeq });
}

async function wantedRows(
  db: Db,
  { roomId, afterSeq, lastSeq }: WaitingRoom,
  types: Registration['types'],
  limit: number,
): Promise<RoomEventsTable[]> {
  const rows = db
    .selectFrom('room_events')
    .selectAll()
    .where('room_id', '=', roomId)
    .where('seq', '>', afterSeq)
    .where('seq', '<=', lastSeq);
  const wantedOnes = types === '*' ? rows : rows.where('type', 'in', types);
  return await wantedOnes.orderBy('seq').limit(limit).execute();
}
