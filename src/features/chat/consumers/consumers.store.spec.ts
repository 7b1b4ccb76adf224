import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import type { ChatTables } from '../records/index.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../log/append-driver.js';
import { type Page, type PageQuery, type Registration, store as consumersStore } from './consumers.store.js';

let test: TestDatabase;
let log: AppendDriver;
let store: Store<typeof consumersStore>;
/** What appends are told of. */
let kept: readonly Registration[] = [];
/** A commit each: what came first is handed over first. */
let nowMs = DRIVEN_AT_MS;

beforeEach(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  store = test.database.open(consumersStore);
  kept = [];
});
afterEach(async () => test.close());

type Change = Parameters<AppendDriver['append']>[0];

async function append(...changes: Change[]): Promise<void> {
  const interests = kept.map(({ name, types }) => ({ consumer: name, types }));
  const outcomes = await log.appends.append({ nowMs: (nowMs += 1), changes, interests });
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(changes.map(() => 'stored'));
}

async function register(
  name: string,
  types: Registration['types'] = '*',
  from: 'now' | 'start' = 'now',
): Promise<void> {
  const consumers = [{ name, types, from }];
  kept = await store.register({ consumers, forgotten: [], isAlone: true, nowMs });
}

async function page(name: string, values: Partial<PageQuery> = {}): Promise<Page> {
  const types = kept.find((registration) => registration.name === name)?.types ?? '*';
  return await store.page({ name, types, maxEvents: 100, maxBytes: 1e6, ...values });
}

async function acknowledge(consumer: string, { places }: Page): Promise<boolean> {
  const claim = { consumer, holder: 'one', leaseMs: 1000, nowMs: (nowMs += 1) };
  expect(await store.claim(claim)).toBe(true);
  return await store.acknowledge({ ...claim, places });
}

async function outbox(): Promise<readonly Record<string, unknown>[]> {
  const statement = 'select consumer, room_id, after_seq, last_seq from outbox order by 1, 2';
  const [rows = []] = await test.database.read([{ sql: statement, parameters: [] }]);
  return rows;
}

const shown = ({ events }: Page): string[] => events.map(({ roomId, seq }) => `${roomId} ${seq}`);

describe('the outbox', () => {
  it('has no row while nobody wants the events', async () => {
    const roomId = await log.group();
    await append(log.sending(roomId));
    expect(await outbox()).toEqual([]);
    await register('joins', ['member.joined']);
    await append(log.sending(roomId));
    expect(await outbox()).toEqual([]);
  });

  it('has one row for a room and consumer, however many events wait', async () => {
    const roomId = await log.group();
    await register('all');
    await register('messages', ['message']);
    await append(log.sending(roomId), log.sending(roomId));
    await append(log.sending(roomId));
    expect(await outbox()).toEqual([
      { consumer: 'all', room_id: roomId, after_seq: 2, last_seq: 5 },
      { consumer: 'messages', room_id: roomId, after_seq: 2, last_seq: 5 },
    ]);
  });

  it('has no row of an append that is refused or undone', async () => {
    const roomId = await log.group();
    await register('all');
    const failing = sql`insert into rooms (id) values (${null})`.compile(test.database.builder());
    const event = { change: 'module', roomId, actorId: 'ann', type: 'test.done', body: '{}' } as const;
    const changes = [{ ...event, require: 'member', assert: [], project: [failing] } as const];
    const interests = [{ consumer: 'all', types: '*' as const }];
    const outcomes = await log.appends.append({ nowMs, changes, interests });
    expect(outcomes).toEqual([expect.objectContaining({ outcome: 'refused' })]);
    expect(await outbox()).toEqual([]);
  });
});

describe('a page', () => {
  it('has what was appended since, room by room in the order of the log', async () => {
    const [first, second] = [await log.group(), await log.group()];
    await append(log.sending(first));
    await register('all');
    await append(log.sending(second));
    await append(log.sending(first), log.sending(second));
    const found = await page('all');
    expect(shown(found)).toEqual([`${second} 3`, `${second} 4`, `${first} 4`]);
    expect(found.hasMore).toBe(false);
    expect(await acknowledge('all', found)).toBe(true);
    expect(await outbox()).toEqual([]);
  });

  it('has the types that the consumer wants, and stands behind those that it does not', async () => {
    const roomId = await log.group();
    await register('messages', ['message']);
    await append(log.sending(roomId), { change: 'leave', roomId, actorId: 'bob' }, log.sending(roomId));
    const found = await page('messages');
    expect(shown(found)).toEqual([`${roomId} 3`, `${roomId} 5`]);
    expect(found.events[0]).toMatchObject({ type: 'message', message: { text: 'hello' } });
    expect(found.places).toEqual([{ roomId, through: 5 }]);
  });

  it('ends at its number of events, and goes on there after the other rooms', async () => {
    const [first, second] = [await log.group(), await log.group()];
    await register('all');
    await append(log.sending(first), log.sending(first), log.sending(first));
    await append(log.sending(second));
    const one = await page('all', { maxEvents: 2 });
    expect([shown(one), one.places, one.hasMore]).toEqual([
      [`${first} 3`, `${first} 4`],
      [{ roomId: first, through: 4 }],
      true,
    ]);
    await acknowledge('all', one);
    await append(log.sending(first));
    expect(shown(await page('all'))).toEqual([`${second} 3`, `${first} 5`, `${first} 6`]);
  });

  it('ends at its bytes, with one event at least', async () => {
    const roomId = await log.group();
    await register('all');
    await append(...Array.from({ length: 120 }, () => log.sending(roomId)));
    const one = await page('all', { maxBytes: 1 });
    expect([shown(one), one.hasMore]).toEqual([[`${roomId} 3`], true]);
    const each = JSON.stringify(one.events[0]).length;
    const some = await page('all', { maxEvents: 1000, maxBytes: each * 70 });
    expect(some.events.length).toBeGreaterThan(50);
    expect(some.events.length).toBeLessThan(80);
    await acknowledge('all', some);
    const [rest] = shown(await page('all'));
    expect(rest).toBe(`${roomId} ${some.events.length + 3}`);
  });

  it('passes over what the log has no more', async () => {
    const [first, second] = [await log.group(), await log.group()];
    await register('all');
    await append(log.sending(first), log.sending(first));
    await append(log.sending(second));
    await drop(first, 3);
    expect(shown(await page('all'))).toEqual([`${first} 4`, `${second} 3`]);
    await drop(first, 4);
    const found = await page('all', { maxEvents: 1 });
    expect([shown(found), found.places]).toEqual([[], [{ roomId: first, through: 4 }]]);
    await acknowledge('all', found);
    expect(shown(await page('all', { maxEvents: 1 }))).toEqual([`${second} 3`]);
  });

  it('shows a message as it is now', async () => {
    const roomId = await log.group();
    await register('messages', ['message']);
    await append(log.sending(roomId, { text: 'a secret' }));
    await append({ change: 'delete', roomId, actorId: 'ann', seq: 3 });
    const { events } = await page('messages');
    expect(events).toEqual([
      expect.objectContaining({ seq: 3, message: expect.objectContaining({ text: '' }) }),
    ]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });
});

describe('what a consumer has had', () => {
  it('leaves what was appended meanwhile', async () => {
    const roomId = await log.group();
    await register('all');
    await append(log.sending(roomId));
    const found = await page('all');
    await append(log.sending(roomId));
    await acknowledge('all', found);
    expect(shown(await page('all'))).toEqual([`${roomId} 4`]);
  });

  it('is each consumer’s own', async () => {
    const roomId = await log.group();
    await register('one');
    await register('other');
    await append(log.sending(roomId));
    await acknowledge('one', await page('one'));
    expect(shown(await page('one'))).toEqual([]);
    expect(shown(await page('other'))).toEqual([`${roomId} 3`]);
  });

  it('is noted by the holder of the claim alone', async () => {
    const roomId = await log.group();
    await register('all');
    await append(log.sending(roomId));
    const claim = { consumer: 'all', leaseMs: 60_000, nowMs };
    const { places } = await page('all');
    const noted = async (holder: string) => store.acknowledge({ ...claim, holder, places });
    expect(await noted('one')).toBe(false);
    expect(await store.claim({ ...claim, holder: 'one' })).toBe(true);
    expect(await store.claim({ ...claim, holder: 'two' })).toBe(false);
    expect(await noted('two')).toBe(false);
    expect(await store.claim({ ...claim, holder: 'one', leaseMs: -1 })).toBe(true);
    expect(await store.claim({ ...claim, holder: 'two' })).toBe(true);
    expect(await noted('one')).toBe(false);
    await store.release('two');
    expect(await store.claim({ ...claim, holder: 'one' })).toBe(true);
    expect(await noted('one')).toBe(true);
    expect(await outbox()).toEqual([]);
  });
});

describe('a registration', () => {
  it('is kept while the consumer is missing, until it is forgotten', async () => {
    const roomId = await log.group();
    await register('gone', ['message']);
    await register('here');
    expect(kept).toEqual([
      { name: 'gone', types: ['message'] },
      { name: 'here', types: '*' },
    ]);
    await append(log.sending(roomId));
    expect(shown(await page('gone'))).toEqual([`${roomId} 3`]);
    kept = await store.register({ consumers: [], forgotten: ['gone'], isAlone: true, nowMs });
    expect(kept).toEqual([{ name: 'here', types: '*' }]);
    expect((await outbox()).map((row) => row['consumer'])).toEqual(['here']);
  });

  it('begins at the start of every log if it is new and says so', async () => {
    const [first, second] = [await log.group(), await log.group()];
    await register('late', '*', 'start');
    const found = await page('late');
    expect(shown(found)).toEqual([`${first} 1`, `${first} 2`, `${second} 1`, `${second} 2`]);
    await acknowledge('late', found);
    await register('late', '*', 'start');
    expect(shown(await page('late'))).toEqual([]);
  });

  it('takes the types that it has now', async () => {
    const roomId = await log.group();
    await register('all', ['message']);
    await register('all', ['member.left']);
    await append(log.sending(roomId), { change: 'leave', roomId, actorId: 'bob' });
    expect(shown(await page('all'))).toEqual([`${roomId} 4`]);
  });

  it('notes nothing when another one was done with all of it', async () => {
    await register('webhooks');
    expect(await acknowledge('webhooks', { events: [], places: [], hasMore: false })).toBe(true);
  });
});

/** As retention does. */
async function drop(roomId: string, seq: number): Promise<void> {
  const events = test.database.builder<ChatTables>().deleteFrom('room_events');
  await test.database.write([events.where('room_id', '=', roomId).where('seq', '=', seq)]);
}
