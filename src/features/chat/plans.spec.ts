import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledQuery, type Kysely } from 'kysely';
import type { PlainQuery } from '../../storage/index.js';
import { openTestDatabase, perform, type TestDatabase } from '../../storage/testing.js';
import { store as attachments } from './attachments/attachments.store.js';
import { store as pins } from './lifecycle/pins.store.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from './log/append-driver.js';
import type { Change } from './log/append/change.js';
import { appendStore } from './log/append/index.js';
import { store as logs } from './log/log.store.js';
import { store as messages } from './messages/messages.store.js';
import { store as reads } from './reading/reads.store.js';
import { store as receipts } from './reading/receipts.store.js';
import { store as retention } from './retention/retention.store.js';

/** Of each room there are as many rows in these as there were messages, or what was done to them. */
const PER_MESSAGE = [
  'messages',
  'room_events',
  'reactions',
  'reaction_counts',
  'pins',
  'mentions',
  'attachments',
  'dropped_messages',
];

/** Steps that read a whole table, other than one of a row or of the list that a statement brings. */
const SCAN = /^SCAN (?!\d* ?CONSTANT ROWS?|wanted|had|\(|log_state|json_each|search_|rows)/;
/** Steps that read all rows of a room, or all of a user in it. */
const WHOLE_ROOM = new RegExp(
  `^SEARCH (${PER_MESSAGE.join('|')}) .*\\((room_id=\\?|user_id=\\? AND room_id=\\?|user_id=\\?)\\)$`,
);

let test: TestDatabase;
let driver: AppendDriver;
let roomId: string;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS, store: 'embedded' });
  driver = new AppendDriver(test.database);
  roomId = await driver.group();
  await driver.append(
    driver.sending(roomId, { text: 'root @bob', namedIds: ['bob'] }),
    driver.sending(roomId, { threadSeq: 3, replyTo: 3 }),
    { change: 'react', roomId, actorId: 'bob', seq: 3, emoji: '🌳' },
    { change: 'pin', roomId, actorId: 'ann', seq: 3 },
  );
});

afterAll(async () => test.close());

// eslint-disable-next-line typescript/no-explicit-any -- stores of every schema, as in `StoreOperation`
type Operation = (db: Kysely<any>, input: any) => Promise<unknown>;

/** Performs the operation, and gives the steps of its statements that read more than they need. */
async function wasteOf(operation: Operation, input: unknown, role: 'reader' | 'writer'): Promise<string[]> {
  const { statements } = await perform(test, operation, input, role);
  expect(statements).not.toEqual([]);
  const queries = statements.filter(({ sql }) => !/^(savepoint|release|rollback)/.test(sql));
  const { result } = await perform(test, stepsOf, queries, 'writer');
  return result.filter((step) => SCAN.test(step) || WHOLE_ROOM.test(step));
}

/** The steps of queries; beside any transaction, for SQLite does not commit after a plan of a write. */
async function stepsOf(db: Kysely<unknown>, queries: readonly PlainQuery[]): Promise<string[]> {
  const steps: string[] = [];
  for (const { sql, parameters } of queries) {
    const plan = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
    const { rows } = (await db.executeQuery(plan)) as { rows: { detail: string }[] };
    steps.push(...rows.map(({ detail }) => detail));
  }
  return steps;
}

const sent = (values: object = {}) => driver.sending(roomId, values);
const named = (seq: number, actorId = 'ann') => ({ roomId, actorId, seq });

describe('an append reads by keys what it needs', () => {
  it.each<[string, () => Change[]]>([
    ['a room', () => [driver.creation({ roomId: 'plans-1', clientId: 'plans-client' })]],
    ['a direct room', () => [driver.creation({ roomId: 'plans-2', kind: 'direct' })]],
    ['additions', () => [{ change: 'add', roomId, actorId: 'ann', userIds: ['cay', 'dan'] }]],
    ['a leave', () => [{ change: 'leave', roomId, actorId: 'dan' }]],
    ['messages', () => [sent({ text: '@bob', namedIds: ['bob', 'cay'] }), sent({ actorId: 'bob' })]],
    ['replies', () => [sent({ threadSeq: 3 }), sent({ threadSeq: 3, replyTo: 4, actorId: 'bob' })]],
    ['an attachment that is none', () => [sent({ attachmentIds: ['one', 'two'] })]],
    ['edits', () => [{ ...named(3), change: 'edit', text: 'root @cay', namedIds: ['cay'] }]],
    ['reactions', () => [{ ...named(3), change: 'react', emoji: '👍' }]],
    ['reactions taken back', () => [{ ...named(3), change: 'unreact', emoji: '👍' }]],
    ['pins', () => [{ ...named(4), change: 'pin' }]],
    ['pins taken away', () => [{ ...named(4), change: 'unpin' }]],
    ['deletions', () => [{ ...named(4), change: 'delete' }]],
  ])('for %s', async (_, changes) => {
    const batch = { nowMs: DRIVEN_AT_MS, changes: changes() };
    expect(await wasteOf(appendStore.writes.append, batch, 'writer')).toEqual([]);
  });
});

describe('a request reads by keys what it needs', () => {
  const mine = () => ({ roomId, userId: 'ann', ahead: {}, limit: 50, maxBytes: 1e6 });

  it.each<[string, Operation, () => unknown]>([
    [
      'the newest messages',
      messages.reads.history,
      () => ({ ...mine(), anchor: { at: 'end' }, threadSeq: null }),
    ],
    [
      'a thread',
      messages.reads.history,
      () => ({ ...mine(), anchor: { at: 'after', seq: 3 }, threadSeq: 3 }),
    ],
    [
      'the surroundings',
      messages.reads.history,
      () => ({ ...mine(), anchor: { at: 'around', seq: 4 }, threadSeq: null }),
    ],
    ['a message', messages.reads.get, () => ({ ...mine(), seq: 3 })],
    ['pins', pins.reads.page, () => ({ ...mine(), before: null })],
    ['receipts', receipts.reads.of, () => ({ ...mine(), seq: 3, place: null })],
    ['events', logs.reads.events, () => ({ ...mine(), after: 0, until: 100 })],
    ['rooms', logs.reads.roomViews, () => ({ ...mine(), roomIds: [roomId] })],
    ['a reading', reads.reads.room, () => ({ ...mine(), seq: 4 })],
    [
      'a reading of a thread',
      reads.reads.thread,
      () => ({ ...mine(), seq: 4, threadSeq: 3, threadAhead: 0 }),
    ],
    ['an attachment', attachments.reads.view, () => ({ ...mine(), id: 'one', nowMs: DRIVEN_AT_MS })],
    ['uploads of a day', attachments.reads.uploadedToday, () => ({ ...mine(), nowMs: DRIVEN_AT_MS })],
    ['rooms with old events', retention.reads.dueRooms, () => ({ after: '', limit: 10, beforeMs: 1 })],
  ])('for %s', async (_, operation, input) => {
    expect(await wasteOf(operation, input(), 'reader')).toEqual([]);
  });

  it.each<[string, Operation, () => unknown]>([
    [
      'read positions',
      logs.writes.advance,
      () => [
        { roomId, userId: 'bob', seq: 4 },
        { roomId, userId: 'bob', seq: 4, threadSeq: 3 },
      ],
    ],
    [
      'an upload',
      attachments.writes.begin,
      () => ({ id: 'three', roomId, userId: 'ann', nowMs: DRIVEN_AT_MS }),
    ],
    ['dead uploads', attachments.writes.expire, () => ({ nowMs: DRIVEN_AT_MS, limit: 10 })],
    ['removed uploads', attachments.writes.forget, () => ['one', 'two']],
    [
      'old events',
      retention.writes.drop,
      () => ({ roomIds: [roomId], beforeMs: DRIVEN_AT_MS + 1, nowMs: DRIVEN_AT_MS, budget: 100 }),
    ],
    [
      'a repeated send below the floor',
      appendStore.writes.append,
      () => ({ nowMs: DRIVEN_AT_MS, changes: [sent()] }),
    ],
  ])('for %s', async (_, operation, input) => {
    expect(await wasteOf(operation, input(), 'writer')).toEqual([]);
  });
});

it('tells a statement that reads a whole room', async () => {
  const whole = (db: Kysely<{ reactions: { room_id: string } }>) =>
    db.selectFrom('reactions').selectAll().where('room_id', '=', 'r').execute();
  expect(await wasteOf(whole, undefined, 'reader')).toHaveLength(1);
});
