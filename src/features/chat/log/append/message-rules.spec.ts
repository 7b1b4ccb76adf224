import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../../storage/testing.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../append-driver.js';
import type { ModuleEvent, SendMessage } from './change.js';

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

/** An event of a module's, which does not count. */
function ping(roomId: string): ModuleEvent {
  const event = { type: 'ping.sent', body: '{}', require: 'member', assert: [], project: [] } as const;
  return { change: 'module', roomId, actorId: 'ann', ...event };
}

describe('sending', () => {
  it('gives each message the next seq of its room', async () => {
    const [one, other] = [await log.group(), await log.group()];
    const outcomes = await log.append(
      log.sending(one),
      log.sending(other),
      log.sending(one),
      log.sending(one),
    );
    expect(outcomes.map((outcome) => outcome.outcome === 'stored' && outcome.message?.seq)).toEqual([
      3, 3, 4, 5,
    ]);
    expect(await log.seqs(one)).toEqual([1, 2, 3, 4, 5]);
    expect(await log.seqs(other)).toEqual([1, 2, 3]);
  });

  it('keeps the message as it was sent', async () => {
    const roomId = await log.group();
    const meta = '{"n":1e-7,"list":[{"x":null}]}';
    const sent = await log.stored(log.sending(roomId, { text: 'a\n\tb — ☃ 👩‍👩‍👧', meta, replyTo: null }));
    const [, , event] = await log.events(roomId);
    expect(event).toEqual(sent.events[0]);
    expect(event).toEqual({
      roomId,
      seq: 3,
      type: 'message',
      actorId: 'ann',
      at: '2030-01-01T00:00:00.000Z',
      message: {
        id: sent.message?.id,
        roomId,
        seq: 3,
        senderId: 'ann',
        text: 'a\n\tb — ☃ 👩‍👩‍👧',
        clientId: sent.message?.clientId,
        createdAt: '2030-01-01T00:00:00.000Z',
        editedAt: null,
        deletedAt: null,
        replyTo: null,
        threadSeq: null,
        replyCount: 0,
        mentions: [],
        attachments: [],
        reactions: [],
        meta: { n: 1e-7, list: [{ x: null }] },
      },
    });
  });

  it('stores a repeated clientId once, in one batch and in the next', async () => {
    const roomId = await log.group();
    const send = log.sending(roomId);
    const outcomes = await log.append(send, { ...send, id: 'other' });
    const later = await log.one({ ...send, id: 'third' });
    expect(
      [...outcomes, later].map((it) => it.outcome === 'stored' && [it.duplicate, it.message?.id]),
    ).toEqual([
      [false, send.id],
      [true, send.id],
      [true, send.id],
    ]);
    expect(later).toMatchObject({ events: [] });
    expect(await log.seqs(roomId)).toEqual([1, 2, 3]);
  });

  it('takes one clientId from two senders and in two rooms', async () => {
    const [roomId, other] = [await log.group(), await log.group()];
    const send = log.sending(roomId);
    const outcomes = await log.append(send, { ...send, actorId: 'bob' }, { ...send, roomId: other });
    expect(outcomes.map((it) => it.outcome === 'stored' && it.duplicate)).toEqual([false, false, false]);
  });

  it('refuses another message under a clientId', async () => {
    const send = log.sending(await log.group());
    const outcomes = await log.append(send, { ...send, requestHash: 'another' });
    expect(outcomes[1]).toMatchObject({ outcome: 'refused', code: 'CONFLICT' });
    expect(await log.one({ ...send, requestHash: 'another' })).toMatchObject({ code: 'CONFLICT' });
    expect(await log.seqs(send.roomId)).toEqual([1, 2, 3]);
  });

  it('finds the first message of one who has left since', async () => {
    const roomId = await log.group();
    const send = log.sending(roomId, { actorId: 'bob' });
    await log.append(send, { change: 'leave', roomId, actorId: 'bob' });
    expect(await log.one(send)).toMatchObject({ outcome: 'stored', duplicate: true });
    expect(await log.one(log.sending(roomId, { actorId: 'bob' }))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('hides a group from a stranger, and turns one away from a channel', async () => {
    const [hidden, open] = [await log.group(), await log.channel()];
    const outcomes = await log.append(
      log.sending(hidden, { actorId: 'eve' }),
      log.sending('nowhere', { actorId: 'eve' }),
      log.sending(open, { actorId: 'eve' }),
    );
    expect(outcomes[0]).toEqual({ outcome: 'refused', code: 'NOT_FOUND', message: 'room not found' });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('refuses one and stores its neighbours', async () => {
    const roomId = await log.group();
    const outcomes = await log.append(
      log.sending(roomId),
      log.sending(roomId, { actorId: 'eve' }),
      log.sending(roomId),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'refused', 'stored']);
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4]);
  });

  it('refuses a reply to what is no message', async () => {
    const roomId = await log.group();
    const root = await log.stored(log.sending(roomId));
    const reply = await log.stored(log.sending(roomId, { threadSeq: root.message?.seq ?? 0 }));
    const wrong: [Partial<SendMessage>, string][] = [
      [{ replyTo: 1 }, 'replyTo'],
      [{ replyTo: 99 }, 'replyTo'],
      [{ threadSeq: 1 }, 'threadSeq'],
      [{ threadSeq: reply.message?.seq ?? 0 }, 'threadSeq'],
    ];
    for (const [values, path] of wrong) {
      expect(await log.one(log.sending(roomId, values))).toMatchObject({ code: 'VALIDATION_FAILED', path });
    }
  });

  it('answers a message of the same batch', async () => {
    const roomId = await log.group();
    const root = log.sending(roomId);
    const outcomes = await log.append(root, log.sending(roomId, { replyTo: 3, threadSeq: 3 }));
    expect(outcomes[1]).toMatchObject({ message: { replyTo: 3, threadSeq: 3, seq: 4 } });
    await log.stored(log.sending(roomId, { threadSeq: 3 }));
    const again = await log.one(root);
    expect(again).toMatchObject({ duplicate: true, message: { replyCount: 2 } });
    expect((await log.events(roomId))[2]).toMatchObject({ message: { replyCount: 0 } });
  });

  it('counts root messages as unread, for all but their sender', async () => {
    const roomId = await log.group();
    await log.append(
      log.sending(roomId),
      log.sending(roomId),
      log.sending(roomId, { threadSeq: 3 }),
      ping(roomId),
    );
    expect(await log.view(roomId, 'bob')).toMatchObject({ head: 6, readSeq: 2, unread: 2 });
    expect(await log.view(roomId, 'ann')).toMatchObject({ head: 6, readSeq: 5, unread: 0 });
    await log.logs.advance([{ roomId, userId: 'bob', seq: 3 }]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 1 });
    await log.logs.advance([{ roomId, userId: 'bob', seq: 2 }]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 1 });
  });

  it('mentions members only, and counts them until they are read', async () => {
    const roomId = await log.group();
    const sent = await log.stored(log.sending(roomId, { namedIds: ['bob', 'eve'] }));
    await log.stored(log.sending(roomId, { namedIds: ['bob'], threadSeq: sent.message?.seq ?? 0 }));
    expect(sent.message?.mentions).toEqual(['bob']);
    expect(await log.view(roomId, 'bob')).toMatchObject({ mentions: 2, unread: 1 });
    await log.logs.advance([{ roomId, userId: 'bob', seq: 3 }]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ mentions: 1, unread: 0 });
    const [ahead] = await log.logs.roomViews({ userId: 'bob', roomIds: [roomId], ahead: { [roomId]: 4 } });
    expect(ahead).toMatchObject({ mentions: 0, readSeq: 4 });
  });

  it('lets no event be older than the one before it', async () => {
    const roomId = await log.group();
    await log.appends.append({ nowMs: DRIVEN_AT_MS - 5000, changes: [log.sending(roomId)] });
    expect((await log.events(roomId)).map(({ at }) => at)).toEqual(Array(3).fill('2030-01-01T00:00:00.000Z'));
  });
});
