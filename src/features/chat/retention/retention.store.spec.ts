import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../log/append-driver.js';
import type { Change, Stored } from '../log/append/change.js';
import { store as messagesStore } from '../messages/messages.store.js';
import { store as probe } from '../search-index/index-probe.store.js';
import { termsOf } from '../search-index/terms.js';
import { store as retentionStore } from './retention.store.js';

const DAY_MS = 86_400_000;
const day = (number: number): number => DRIVEN_AT_MS + number * DAY_MS;

let test: TestDatabase;
let log: AppendDriver;
let retention: Store<typeof retentionStore>;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  retention = test.database.open(retentionStore);
});

afterAll(async () => test.close());

/** Appends on a day; gives the events' seqs. */
async function on(number: number, ...changes: Change[]): Promise<number[]> {
  const outcomes = await log.appends.append({ nowMs: day(number), changes });
  return outcomes.flatMap((outcome) => {
    if (outcome.outcome !== 'stored') throw new Error(JSON.stringify(outcome));
    return outcome.events.map(({ seq }) => seq);
  });
}

/** Drops what is from before that day; gives how many events. */
async function dropBefore(number: number, roomId: string, budget = 100): Promise<number> {
  let [events, steps] = [0, 0];
  for (let roomIds: readonly string[] = [roomId]; roomIds.length > 0; steps += 1) {
    const dropped = await retention.drop({ roomIds, beforeMs: day(number), nowMs: day(number), budget });
    for (const { from, until } of dropped.lowEnds) events += until + 1 - from;
    roomIds = dropped.left;
    expect(await firstSeq(roomId)).toBe((await log.logs.roomFacts(roomId))?.floor);
  }
  expect(steps).toBeLessThan(100);
  return events;
}

/** Of the log, as far as it is kept; the next one when nothing is. */
async function firstSeq(roomId: string): Promise<number> {
  const [first] = await log.seqs(roomId);
  return first ?? ((await log.logs.roomFacts(roomId))?.head ?? 0) + 1;
}

async function rows(query: RawBuilder<unknown>) {
  const [found = []] = await test.database.read([query.compile(test.database.builder())]);
  return found;
}

describe('dropping', () => {
  it('takes the events from before a time, and the floor rises with it', async () => {
    const roomId = await log.group();
    await on(1, log.sending(roomId), log.sending(roomId));
    await on(3, log.sending(roomId));
    expect(await dropBefore(3, roomId)).toBe(4);
    expect(await log.seqs(roomId)).toEqual([5]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ head: 5, floor: 5, memberCount: 2 });
    expect(await dropBefore(3, roomId)).toBe(0);
  });

  it('goes on after a log of which nothing is left', async () => {
    const roomId = await log.group();
    await on(1, log.sending(roomId));
    expect(await dropBefore(9, roomId)).toBe(3);
    expect(await log.view(roomId, 'bob')).toMatchObject({ head: 3, floor: 4, unread: 0, lastMessage: null });
    expect(await on(9, log.sending(roomId))).toEqual([4]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ head: 4, floor: 4, unread: 1 });
  });

  it('takes no more at once than its budget, and one event at least', async () => {
    const roomId = await log.group();
    const [seq = 0] = await on(1, log.sending(roomId));
    const emoji = ['🌳', '🌵', '🌴', '🌲', '🍁'];
    const reactions = emoji.map(
      (one) => ({ change: 'react', roomId, actorId: 'bob', seq, emoji: one }) as const,
    );
    await on(1, ...reactions, log.sending(roomId));
    const step = { roomIds: [roomId], beforeMs: day(2), nowMs: day(2), budget: 3 };
    const dropped = (from: number, until: number) => ({ lowEnds: [{ roomId, from, until }], left: [roomId] });
    expect(await retention.drop(step)).toEqual(dropped(1, 2));
    expect(await retention.drop(step)).toEqual(dropped(3, 3));
    expect(await retention.drop(step)).toEqual(dropped(4, 6));
    expect(await dropBefore(2, roomId, 1)).toBe(3);
  });

  it('shares its budget between rooms', async () => {
    const [one, two, three] = [await log.group(), await log.group(), await log.group()];
    const step = { beforeMs: day(1), nowMs: day(1), budget: 3 };
    const roomIds = [one, two, three];
    const dropped = (roomId: string, from: number, until: number) => ({ roomId, from, until });
    expect(await retention.drop({ ...step, roomIds })).toEqual({
      lowEnds: [dropped(one, 1, 2), dropped(two, 1, 1)],
      left: [two, three],
    });
    expect(await retention.drop({ ...step, roomIds: [two, three] })).toEqual({
      lowEnds: [dropped(two, 2, 2), dropped(three, 1, 2)],
      left: [three],
    });
  });

  it('finds the rooms that have something due, page by page', async () => {
    const due = await log.group();
    const young = (await log.appends.append({ nowMs: day(5), changes: [log.creation()] }))[0] as Stored;
    const found: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page: { roomIds: readonly string[]; next: string | null } = await retention.dueRooms({
        after,
        beforeMs: day(5),
        limit: 2,
      });
      found.push(...page.roomIds);
      after = page.next;
    }
    expect(found).toContain(due);
    expect(found).not.toContain(young.roomId);
    await dropBefore(5, due);
    const rest = await retention.dueRooms({ after: '', beforeMs: day(5), limit: 1000 });
    expect(rest).toEqual({ roomIds: found.filter((id) => id !== due), next: null });
  });
});

describe('what stood on a dropped message', () => {
  it('goes with it', async () => {
    const roomId = await log.group();
    const [seq = 0] = await on(1, log.sending(roomId, { text: 'quokka @bob', namedIds: ['bob'] }));
    await on(
      1,
      { change: 'react', roomId, actorId: 'bob', seq, emoji: '🌳' },
      { change: 'pin', roomId, actorId: 'ann', seq },
    );
    await on(2, log.sending(roomId, { text: 'wombat' }));
    expect(await log.view(roomId, 'bob')).toMatchObject({ unread: 2, mentions: 1 });
    await dropBefore(2, roomId);
    expect(await log.view(roomId, 'bob')).toMatchObject({ unread: 1, mentions: 0 });
    for (const table of ['messages', 'reactions', 'reaction_counts', 'pins', 'mentions']) {
      const column = table === 'messages' || table === 'mentions' ? 'seq' : 'message_seq';
      const there = sql`select * from ${sql.table(table)} where room_id = ${roomId} and ${sql.ref(column)} <= ${seq}`;
      expect([table, await rows(there)]).toEqual([table, []]);
    }
    const all = { userId: 'ann', roomId, before: 1e9, from: 0, limit: 10 };
    const found = async (word: string) =>
      (await test.database.open(probe).find({ ...all, terms: termsOf(word) })).places.map(
        (place) => place.seq,
      );
    expect([await found('quokka'), await found('wombat')]).toEqual([[], [seq + 3]]);
  });

  it('is there for replies that outlive their root, as long as they do', async () => {
    const roomId = await log.group();
    const [root = 0] = await on(1, log.sending(roomId));
    await on(1, log.sending(roomId, { actorId: 'bob', threadSeq: root }));
    const [reply = 0] = await on(3, log.sending(roomId, { threadSeq: root }));
    await log.logs.advance([{ roomId, userId: 'bob', threadSeq: root, seq: reply }]);
    const positions = async () =>
      (await rows(sql`select user_id from thread_positions where room_id = ${roomId}`)).length;
    await dropBefore(3, roomId);
    expect(await positions()).toBe(2);
    await log.logs.advance([{ roomId, userId: 'cay', threadSeq: root, seq: reply }]);
    const messages = test.database.open(messagesStore);
    const query = { roomId, userId: 'bob', anchor: { at: 'end' }, limit: 10, maxBytes: 1e6 } as const;
    const thread = await messages.history({ ...query, threadSeq: root });
    expect(thread?.messages.map(({ seq }) => seq)).toEqual([reply]);
    await dropBefore(4, roomId);
    expect(await positions()).toBe(0);
  });

  it('takes its attachments from everyone', async () => {
    const roomId = await log.group();
    const [seq = 0] = await on(1, log.sending(roomId));
    const project = [seq, seq + 1].map((at) => {
      const insert = sql`insert into attachments
        (id, room_id, uploader_id, name, mime_type, bytes, created_at, message_seq, state)
        values (${`file-${at}`}, ${roomId}, 'ann', 'plan.pdf', 'a/b', 1, 0, ${at}, 'kept')`;
      return insert.compile(test.database.builder());
    });
    const event = { change: 'module', actorId: null, type: 'test.done', body: '{}' } as const;
    await on(2, { ...event, roomId, require: 'member', assert: [], project });
    await dropBefore(2, roomId);
    expect(
      await rows(sql`select state, name from attachments where room_id = ${roomId} order by id`),
    ).toEqual([
      { state: 'released', name: '' },
      { state: 'kept', name: 'plan.pdf' },
    ]);
  });
});

describe('a dropped message', () => {
  it('is still known when it is sent again, whatever is said now', async () => {
    const roomId = await log.group();
    const send = log.sending(roomId, { text: 'secret', requestHash: 'one' });
    const [seq] = await on(1, send);
    await dropBefore(2, roomId);
    for (const requestHash of ['one', 'other']) {
      const { duplicate, events, message } = await log.stored({ ...send, id: 'another', requestHash });
      expect([duplicate, events]).toEqual([true, []]);
      expect(message).toMatchObject({
        id: send.id,
        seq,
        text: '',
        deletedAt: new Date(day(2)).toISOString(),
      });
    }
    expect(await log.view(roomId, 'ann')).toMatchObject({ head: 3, floor: 4 });
  });

  it('keeps the time of an earlier deletion', async () => {
    const roomId = await log.group();
    const send = log.sending(roomId);
    const [seq = 0] = await on(1, send);
    await on(1, { change: 'delete', roomId, actorId: 'ann', seq });
    await dropBefore(4, roomId);
    expect((await log.stored(send)).message?.deletedAt).toBe(new Date(day(1)).toISOString());
  });

  it('is as one that does not exist to whoever would do something to it', async () => {
    const roomId = await log.group();
    const send = log.sending(roomId);
    const [seq = 0] = await on(1, send);
    await dropBefore(2, roomId);
    const named = { roomId, actorId: 'ann', seq } as const;
    const changes: Change[] = [
      { ...named, change: 'edit', text: 'new', namedIds: [] },
      { ...named, change: 'delete' },
      { ...named, change: 'react', emoji: '🌳' },
      { ...named, change: 'pin' },
    ];
    // The repetition in the same batch knows it, and still nothing can be done to it.
    const outcomes = await log.append(send, ...changes);
    expect(outcomes.slice(1)).toEqual(changes.map(() => expect.objectContaining({ code: 'NOT_FOUND' })));
    for (const path of ['replyTo', 'threadSeq']) {
      expect(await log.one(log.sending(roomId, { [path]: seq }))).toMatchObject({
        code: 'VALIDATION_FAILED',
        path,
      });
    }
  });

  it('is shown deleted by an edit that is still in the log', async () => {
    const roomId = await log.group();
    const [seq = 0] = await on(1, log.sending(roomId, { text: 'first' }));
    await on(3, { change: 'edit', roomId, actorId: 'ann', seq, text: 'second', namedIds: [] });
    await dropBefore(3, roomId);
    const [edited] = await log.events(roomId);
    expect(edited).toMatchObject({ type: 'message.edited', message: { seq, senderId: 'ann', text: '' } });
    expect(edited?.['message']).toMatchObject({
      deletedAt: expect.any(String),
      clientId: expect.any(String),
    });
  });
});

describe('a read position below the floor', () => {
  it('counts from the floor, and moves on', async () => {
    const roomId = await log.group();
    const seqs = await on(1, log.sending(roomId), log.sending(roomId), log.sending(roomId));
    await on(3, log.sending(roomId), log.sending(roomId));
    await dropBefore(3, roomId);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 2, unread: 2 });
    await log.logs.advance([{ roomId, userId: 'bob', seq: seqs[1] ?? 0 }]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 4, unread: 2 });
    await log.logs.advance([{ roomId, userId: 'bob', seq: 6 }]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 6, unread: 1 });
  });

  it('is no less than nothing in a view of the past', async () => {
    const roomId = await log.group();
    await on(1, log.sending(roomId), log.sending(roomId));
    await on(3, log.sending(roomId));
    await dropBefore(3, roomId);
    const [room] = await log.logs.roomViews({ userId: 'bob', roomIds: [roomId], ahead: {}, asOf: 3 });
    expect(room).toMatchObject({ head: 3, unread: 0, lastMessage: null });
  });
});
