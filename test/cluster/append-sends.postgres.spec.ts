import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { store as consumersStore } from '../../src/features/chat/consumers/consumers.store.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import type { Batch, Change, Outcome, SendMessage } from '../../src/features/chat/log/append/index.js';
import { store as retention } from '../../src/features/chat/retention/retention.store.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

/** What is left of a commit, without its number and the numbers of rows. */
const TABLES = [
  'select * from rooms order by id',
  'select room_id, seq, type, ordinal, actor_id, at, message_seq, body from room_events order by room_id, seq',
  'select * from messages order by room_id, seq',
  `select room_id, user_id, role, joined_at, joined_seq, read_seq, read_ordinal, muted_until from members
   order by room_id, user_id`,
  'select * from mentions order by user_id, room_id, seq',
  'select * from thread_positions order by room_id, user_id, thread_seq',
  'select * from outbox order by consumer, room_id',
  'select room_id, seq, cast(words as text) as words, row_number() over (order by id) as place from search_vectors order by id',
].map((sql) => ({ sql, parameters: [] }));

/** All that a run fills. */
const FILLED = [
  'rooms',
  'room_events',
  'messages',
  'dropped_messages',
  'members',
  'mentions',
  'thread_positions',
  'restrictions',
  'streams',
  'outbox',
  'log_consumers',
  'search_vectors',
  'channel_names',
  'channel_words',
  'user_blocks',
];

const ROOMS = ['room-1', 'room-2', 'room-3', 'room-4', 'room-5', 'nowhere'];
const USERS = ['ann', 'bob', 'cy', 'eve'];

const room = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('room-1', 'room-2') },
  { weight: 2, arbitrary: fc.constantFrom(...ROOMS) },
);
const user = fc.constantFrom(...USERS);
const place = fc.option(fc.integer({ min: 1, max: 14 }), { freq: 1 });

const send = fc.record({
  change: fc.constant('send' as const),
  roomId: room,
  actorId: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('ann', 'bob') }, user),
  clientId: fc.integer({ min: 1, max: 60 }).map((number) => `client-${number}`),
  requestHash: fc.oneof({ weight: 6, arbitrary: fc.constant('one') }, fc.constant('other')),
  text: fc.oneof(
    fc.constantFrom('it\'s \\ {a,b} "quoted"', '東京都 🚀', 'NULL', ''),
    fc.string({ unit: 'grapheme' }),
  ),
  replyTo: place,
  threadSeq: place,
  meta: fc.option(fc.constantFrom('{"a":"\\u0000"}', '{ "kept" : [1, 2] }')),
  namedIds: fc.uniqueArray(fc.constantFrom(...USERS, 'nobody', '"; drop')),
  attachmentIds: fc.constant([]),
});

const other: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ change: fc.constantFrom('join' as const, 'leave' as const), roomId: room, actorId: user }),
  fc.record({
    change: fc.constant('silence' as const),
    roomId: room,
    actorId: fc.constant('ann'),
    userId: fc.constantFrom('bob', 'bob', 'cy'),
    seconds: fc.constantFrom(9, 9, 0),
  }),
  fc.record({
    change: fc.constant('delete' as const),
    roomId: room,
    actorId: fc.constantFrom('ann', 'bob'),
    seq: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    change: fc.constant('stream.start' as const),
    roomId: room,
    actorId: fc.constantFrom('ann', 'bob'),
    streamId: fc.uuid(),
    clientId: fc.integer({ min: 1, max: 60 }).map((number) => `client-${number}`),
    replyTo: fc.constant(null),
    threadSeq: fc.constant(null),
    meta: fc.constant(null),
  }),
);

const batches = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.array(send, { minLength: 1, maxLength: 12 }) },
    { weight: 2, arbitrary: other.map((change) => [change]) },
  ),
  { minLength: 1, maxLength: 12 },
);

const CONSUMERS = {
  consumers: [
    { name: 'all', types: '*', from: 'now' },
    { name: 'sends', types: ['message'], from: 'now' },
    { name: 'none', types: ['pin.added'], from: 'now' },
  ],
  forgotten: [],
  isAlone: false,
  nowMs: 0,
} as const;

describeWith(POSTGRES)('messages that are stored by one statement', () => {
  let server: PostgresServer;
  let databases: readonly [PostgresDatabase, PostgresDatabase];

  beforeAll(async () => {
    server = await PostgresServer.start({ settings: { fsync: 'off', synchronous_commit: 'off' } });
    databases = [await newDatabase(), await newDatabase()];
  }, 60_000);
  afterAll(async () => {
    for (const database of databases) await database.stop();
    await server.stop();
  });

  async function newDatabase(): Promise<PostgresDatabase> {
    const database = new PostgresDatabase({ url: await server.createDatabase(), durability: 'process' });
    database.addMigrations(LOG_MIGRATIONS);
    await database.start();
    return database;
  }

  /** A group, a channel, two direct rooms, in one of which ann is blocked, and one that was archived; the first lost its low end. */
  async function world(database: PostgresDatabase): Promise<AppendDriver> {
    await database.write(FILLED.map((table) => ({ sql: `delete from ${table}`, parameters: [] })));
    const log = new AppendDriver(database);
    await log.stored(log.creation({ memberIds: ['bob', 'cy'] }));
    await log.stored(log.creation({ kind: 'channel', memberIds: ['bob'] }));
    await log.stored(log.creation({ kind: 'direct', memberIds: ['bob'] }));
    await log.stored(log.creation({ kind: 'direct', memberIds: ['cy'] }));
    await log.stored(log.creation());
    const sending = (number: string) => log.sending('room-1', { clientId: `client-${number}`, id: number });
    await log.append(...['1', '2', '3'].map(sending));
    const dropping = { roomIds: ['room-1'], beforeMs: DRIVEN_AT_MS + 1, nowMs: DRIVEN_AT_MS, budget: 5 };
    await database.open(retention).drop(dropping);
    await log.append(...['4', '5'].map(sending));
    await log.stored({ change: 'archive', roomId: 'room-5', actorId: 'ann' });
    await database.open(consumersStore).register(CONSUMERS);
    await database.write([
      {
        sql: `insert into user_blocks (blocker_id, blocked_id, created_at) values ('cy', 'ann', 0)`,
        parameters: [],
      },
    ]);
    return log;
  }

  /** By the statement, and what it leaves by the rules; and how many it stored. */
  async function bySends(log: AppendDriver, batch: Batch): Promise<{ outcomes: Outcome[]; count: number }> {
    const { changes, ...terms } = batch;
    const sends = changes.filter((change): change is SendMessage => change.change === 'send');
    if (sends.length < changes.length) return { outcomes: await log.appends.append(batch), count: 0 };
    const first = await log.appends.send({ ...terms, changes: sends, locking: 'wait' });
    const left = first.flatMap((outcome, index) => (outcome.outcome === 'deferred' ? [index] : []));
    const rest = await log.appends.append({ ...terms, changes: left.flatMap((index) => sends[index] ?? []) });
    const outcomes = first.map((outcome, index) =>
      outcome.outcome === 'deferred' ? (rest[left.indexOf(index)] as Outcome) : outcome,
    );
    return { outcomes, count: first.length - left.length };
  }

  it('are those that the rules would have stored, with all that goes with them', async () => {
    let [count, ids] = [0, 0];
    const property = fc.asyncProperty(batches, async (generated) => {
      const [one, another] = [await world(databases[0]), await world(databases[1])];
      for (const [step, some] of generated.entries()) {
        const changes = some.map((change) =>
          change.change === 'send' ? { ...change, id: `id-${(ids += 1)}` } : change,
        );
        const batch = { nowMs: DRIVEN_AT_MS + (step % 3) * 5000, changes };
        const sent = await bySends(one, batch);
        count += sent.count;
        // Across rooms the order is nobody's: the positions of rooms differ where the rules came after the statement.
        expect(sent.outcomes).toEqual(await another.appends.append(batch));
      }
      const [found, expected] = await Promise.all(
        [one, another].map(async (log) => log.database.read(TABLES)),
      );
      expect(withoutPlaces(found)).toEqual(withoutPlaces(expected));
    });
    await fc.assert(property, { numRuns: Number(process.env['PARLEY_RUNS'] ?? 25), endOnFailure: true });
    expect(count).toBeGreaterThan(100);
  }, 120_000);

  /** The index's positions rise in each room; between rooms they are as the commits were. */
  function withoutPlaces(tables: readonly (readonly Record<string, unknown>[])[] | undefined): unknown[] {
    const rows = [...(tables ?? [])];
    const vectors = rows.pop() ?? [];
    const inRooms = ROOMS.map((id) =>
      vectors.filter(({ room_id }) => room_id === id).map(({ seq, words }) => [seq, words]),
    );
    return [...rows, inRooms];
  }
});
