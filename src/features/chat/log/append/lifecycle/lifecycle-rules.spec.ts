import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../../../storage/testing.js';
import { type MessageView, type RoomEvent } from '../../../records/index.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../append-driver.js';
import { store as pinsStore } from '../../../lifecycle/pins.store.js';
import { store as messagesStore } from '../../../messages/messages.store.js';
import type { Change, Outcome } from '../change.js';

let database: TestDatabase;
let driver: AppendDriver;
let roomId: string;

beforeAll(async () => {
  database = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  driver = new AppendDriver(database.database);
});

afterAll(async () => database.close());

/** A group of ann, its owner, bob and cay: its head is 3. */
beforeEach(async () => {
  roomId = (await driver.stored(driver.creation({ memberIds: ['bob', 'cay'] }))).roomId;
});

const edit = (seq: number, text: string, actorId = 'ann', namedIds: string[] = []): Change => ({
  change: 'edit',
  roomId,
  actorId,
  seq,
  text,
  namedIds,
});
const deletion = (seq: number, actorId = 'ann'): Change => ({ change: 'delete', roomId, actorId, seq });
const reaction = (change: 'react' | 'unreact', seq: number, emoji: string, actorId = 'ann'): Change => ({
  change,
  roomId,
  actorId,
  seq,
  emoji,
});
const pin = (change: 'pin' | 'unpin', seq: number, actorId = 'ann'): Change => ({
  change,
  roomId,
  actorId,
  seq,
});

async function sent(values: object = {}): Promise<number> {
  const { message } = await driver.stored(driver.sending(roomId, values));
  return message?.seq ?? 0;
}

async function shown(seq: number, userId = 'ann'): Promise<MessageView> {
  const store = database.database.open(messagesStore);
  const found = await store.get({ roomId, userId, seq });
  if (!found?.message) throw new Error('no such message');
  return found.message;
}

async function eventAt(seq: number): Promise<RoomEvent | undefined> {
  return (await driver.events(roomId)).find((event) => event.seq === seq);
}

const codeOf = (outcome: Outcome): string => (outcome.outcome === 'refused' ? outcome.code : outcome.outcome);

const eventsOf = (outcome: Outcome | undefined): readonly RoomEvent[] =>
  outcome?.outcome === 'stored' ? outcome.events : [];

describe('an edit', () => {
  it('replaces the text everywhere, also in the event that first carried it', async () => {
    const seq = await sent({ text: 'first words' });
    await driver.stored(edit(seq, 'second words'));
    const { events } = await driver.stored(edit(seq, 'third words'));
    expect(events).toMatchObject([
      { type: 'message.edited', seq: 6, actorId: 'ann', message: { seq, text: 'third words' } },
    ]);
    expect(await shown(seq)).toMatchObject({ text: 'third words', editedAt: events[0]?.at });
    const words = JSON.stringify(await driver.events(roomId));
    expect(words).not.toMatch(/first|second/);
    expect(words.match(/third words/g)).toHaveLength(3);
  });

  it('stores nothing when it changes nothing', async () => {
    const seq = await sent({ text: 'same' });
    const { events, message } = await driver.stored(edit(seq, 'same'));
    expect([events, message?.editedAt]).toEqual([[], null]);
  });

  it('mentions whom the new text names, and nobody else', async () => {
    const seq = await sent({ namedIds: ['bob', 'eve'] });
    expect((await driver.view(roomId, 'bob'))?.mentions).toBe(1);
    const { message } = await driver.stored(edit(seq, 'to cay', 'ann', ['cay', 'eve']));
    expect(message?.mentions).toEqual(['cay']);
    expect((await driver.view(roomId, 'bob'))?.mentions).toBe(0);
    expect((await driver.view(roomId, 'cay'))?.mentions).toBe(1);
  });

  it('keeps a mention that it repeats', async () => {
    const seq = await sent({ namedIds: ['bob'] });
    await driver.stored(edit(seq, 'again', 'ann', ['bob', 'cay']));
    expect((await driver.view(roomId, 'bob'))?.mentions).toBe(1);
  });

  it('finds its message in the same batch, and the send says what was sent', async () => {
    const [send, edited] = await driver.append(
      driver.sending(roomId, { text: 'hasty', namedIds: ['bob'] }),
      edit(4, 'calm', 'ann', ['cay']),
    );
    expect(eventsOf(send)).toMatchObject([{ seq: 4, message: { text: 'hasty' } }]);
    expect(eventsOf(edited)).toMatchObject([{ seq: 5, message: { text: 'calm' } }]);
    expect(JSON.stringify(await driver.events(roomId))).not.toContain('hasty');
    expect((await driver.view(roomId, 'bob'))?.mentions).toBe(0);
  });

  it('leaves the send it repeats known', async () => {
    const send = driver.sending(roomId, { text: 'first' });
    await driver.stored(send);
    await driver.stored(edit(4, 'second'));
    expect(await driver.one(send)).toMatchObject({ duplicate: true, message: { text: 'second' } });
    expect(codeOf(await driver.one({ ...send, requestHash: 'other' }))).toBe('CONFLICT');
  });

  it("is for the message's sender", async () => {
    const seq = await sent({ actorId: 'bob' });
    expect(codeOf(await driver.one(edit(seq, 'x', 'cay')))).toBe('FORBIDDEN');
    expect(codeOf(await driver.one(edit(seq, 'x', 'ann')))).toBe('FORBIDDEN');
    expect(codeOf(await driver.one(edit(seq, 'x', 'eve')))).toBe('NOT_FOUND');
    await driver.stored({ change: 'leave', roomId, actorId: 'bob' });
    expect(codeOf(await driver.one(edit(seq, 'x', 'bob')))).toBe('NOT_FOUND');
    expect((await shown(seq)).text).toBe('hello');
  });

  it('is refused to one who is silenced', async () => {
    const seq = await sent({ actorId: 'bob' });
    await driver.stored({ change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 60 });
    expect(await driver.one(edit(seq, 'x', 'bob'))).toMatchObject({
      code: 'FORBIDDEN',
      retryAfterMs: 60_000,
    });
    expect(codeOf(await driver.one(reaction('react', seq, '👍', 'bob')))).toBe('stored');
    expect(codeOf(await driver.one(deletion(seq, 'bob')))).toBe('stored');
  });

  it.each([1, 99])('finds no message at %i', async (seq) => {
    expect(codeOf(await driver.one(edit(seq, 'x')))).toBe('NOT_FOUND');
  });

  it('refuses an empty text without attachments', async () => {
    const seq = await sent();
    expect(await driver.one(edit(seq, ''))).toMatchObject({ code: 'VALIDATION_FAILED', path: 'text' });
  });
});

describe('a deletion', () => {
  it('leaves a tombstone, in the log too', async () => {
    const seq = await sent({ text: 'secret', meta: '{"a":"secret"}', namedIds: ['bob'] });
    await driver.stored(edit(seq, 'secret again', 'ann', ['bob']));
    await driver.stored(reaction('react', seq, '👍', 'bob'));
    await driver.stored(pin('pin', seq));
    const { events } = await driver.stored(deletion(seq));
    expect(events).toMatchObject([{ type: 'message.deleted', seq: 8, messageSeq: seq }]);
    const tombstone = { text: '', mentions: [], attachments: [], reactions: [], meta: null };
    expect(await shown(seq)).toMatchObject({ ...tombstone, deletedAt: events[0]?.at });
    expect(await eventAt(4)).toMatchObject({ type: 'message', message: tombstone });
    expect(await eventAt(5)).toMatchObject({ type: 'message.edited', message: tombstone });
    expect(JSON.stringify(await driver.events(roomId))).not.toContain('secret');
    expect((await driver.view(roomId, 'bob'))?.mentions).toBe(0);
    const { messages } = await pins();
    expect(messages).toEqual([]);
  });

  it('happens once', async () => {
    const seq = await sent();
    await driver.stored(deletion(seq));
    expect(await driver.stored(deletion(seq))).toMatchObject({ events: [] });
  });

  it('answers the repeated send with the tombstone, whatever it says', async () => {
    const send = driver.sending(roomId, { text: 'gone' });
    await driver.stored(send);
    await driver.stored(deletion(4));
    const again = await driver.stored({ ...send, requestHash: 'other' });
    expect(again).toMatchObject({ duplicate: true, message: { seq: 4, text: '' } });
  });

  it('is for the sender and for admins', async () => {
    const [seq, other] = [await sent({ actorId: 'bob' }), await sent({ actorId: 'bob' })];
    expect(codeOf(await driver.one(deletion(seq, 'cay')))).toBe('FORBIDDEN');
    expect(codeOf(await driver.one(deletion(seq, 'eve')))).toBe('NOT_FOUND');
    expect(codeOf(await driver.one(deletion(2)))).toBe('NOT_FOUND');
    expect(codeOf(await driver.one(deletion(seq, 'bob')))).toBe('stored');
    expect(codeOf(await driver.one(deletion(other, 'ann')))).toBe('stored');
  });

  it('still counts as unread, and as a reply no longer', async () => {
    const root = await sent();
    const reply = await sent({ threadSeq: root });
    await sent({ threadSeq: root });
    expect((await shown(root)).replyCount).toBe(2);
    await driver.stored(deletion(reply));
    expect((await shown(root)).replyCount).toBe(1);
    await driver.stored(deletion(root));
    expect((await shown(root)).replyCount).toBe(1);
    expect((await driver.view(roomId, 'bob'))?.unread).toBe(1);
  });

  it('decides against an edit by the order of the two', async () => {
    const seq = await sent({ text: 'raced' });
    const [first, second] = await driver.append(deletion(seq), edit(seq, 'too late'));
    expect([first, second].map((outcome) => outcome && codeOf(outcome))).toEqual(['stored', 'CONFLICT']);
    expect(JSON.stringify(await driver.events(roomId))).not.toContain('too late');
    const other = await sent({ text: 'raced' });
    const [edited, deleted] = await driver.append(edit(other, 'in time'), deletion(other));
    expect([edited, deleted].map((outcome) => outcome && codeOf(outcome))).toEqual(['stored', 'stored']);
    expect((await shown(other)).text).toBe('');
  });

  it('takes back what the same batch had put on the message', async () => {
    await driver.append(
      driver.sending(roomId, { text: 'brief', namedIds: ['bob'] }),
      reaction('react', 4, '👍'),
      pin('pin', 4),
      deletion(4),
    );
    expect(await shown(4)).toMatchObject({ text: '', reactions: [] });
    expect((await driver.view(roomId, 'bob'))?.mentions).toBe(0);
    expect((await pins()).messages).toEqual([]);
  });
});

async function pins(userId = 'ann') {
  const store = database.database.open(pinsStore);
  const found = await store.page({ roomId, userId, before: null, limit: 10, maxBytes: 1e6 });
  if (!found) throw new Error('no pins for this user');
  return found;
}

describe('a reaction', () => {
  it('is counted, and is mine to me alone', async () => {
    const seq = await sent();
    await driver.stored(reaction('react', seq, '👍'));
    await driver.stored(reaction('react', seq, '🌳', 'bob'));
    const { events, message } = await driver.stored(reaction('react', seq, '👍', 'bob'));
    expect(events).toMatchObject([
      { type: 'reaction.added', seq: 7, actorId: 'bob', messageSeq: seq, emoji: '👍', count: 2 },
    ]);
    expect(message?.reactions).toEqual([
      { emoji: '👍', count: 2, mine: true },
      { emoji: '🌳', count: 1, mine: true },
    ]);
    expect((await shown(seq, 'cay')).reactions).toEqual([
      { emoji: '👍', count: 2, mine: false },
      { emoji: '🌳', count: 1, mine: false },
    ]);
    expect(await eventAt(seq)).toMatchObject({ message: { reactions: [] } });
    expect((await driver.view(roomId, 'ann'))?.lastMessage?.reactions[0]).toMatchObject({ mine: true });
  });

  it('stores nothing twice', async () => {
    const seq = await sent();
    await driver.stored(reaction('react', seq, '👍'));
    expect((await driver.stored(reaction('react', seq, '👍'))).events).toEqual([]);
    expect((await driver.stored(reaction('unreact', seq, '🌳'))).events).toEqual([]);
    expect((await shown(seq)).reactions).toEqual([{ emoji: '👍', count: 1, mine: true }]);
  });

  it('is taken back, and the last one leaves nothing', async () => {
    const seq = await sent();
    const outcomes = await driver.append(
      reaction('react', seq, '👍'),
      reaction('react', seq, '👍', 'bob'),
      reaction('unreact', seq, '👍'),
      reaction('unreact', seq, '👍', 'bob'),
      reaction('react', seq, '👍', 'cay'),
      reaction('unreact', seq, '👍', 'cay'),
    );
    expect(outcomes.flatMap(eventsOf).map(({ type, count }) => [type, count])).toEqual([
      ['reaction.added', 1],
      ['reaction.added', 2],
      ['reaction.removed', 1],
      ['reaction.removed', 0],
      ['reaction.added', 1],
      ['reaction.removed', 0],
    ]);
    expect((await shown(seq)).reactions).toEqual([]);
  });

  it('is shown last when it comes back', async () => {
    const seq = await sent();
    await driver.append(
      reaction('react', seq, '🌳'),
      reaction('react', seq, '👍'),
      reaction('unreact', seq, '🌳'),
      reaction('react', seq, '🌳'),
    );
    expect((await shown(seq)).reactions.map(({ emoji }) => emoji)).toEqual(['👍', '🌳']);
  });

  it('is of at most fifty kinds', async () => {
    const seq = await sent();
    const kinds = Array.from({ length: 50 }, (_, index) => String.fromCodePoint(0x1f400 + index));
    await driver.append(...kinds.map((emoji) => reaction('react', seq, emoji)));
    expect(codeOf(await driver.one(reaction('react', seq, '👍')))).toBe('CONFLICT');
    expect(codeOf(await driver.one(reaction('react', seq, String(kinds[0]), 'bob')))).toBe('stored');
    expect((await shown(seq)).reactions.map(({ emoji }) => emoji)).toEqual(kinds);
  });

  it('is refused on a tombstone, where there is none, and to strangers', async () => {
    const seq = await sent();
    await driver.stored(deletion(seq));
    for (const change of ['react', 'unreact'] as const) {
      expect(codeOf(await driver.one(reaction(change, seq, '👍')))).toBe('CONFLICT');
      expect(codeOf(await driver.one(reaction(change, 1, '👍')))).toBe('NOT_FOUND');
      expect(codeOf(await driver.one(reaction(change, seq, '👍', 'eve')))).toBe('NOT_FOUND');
    }
  });
});

describe('a pin', () => {
  it('is set once, listed newest first, and taken off once', async () => {
    const [one, two] = [await sent({ text: 'one' }), await sent({ text: 'two' })];
    const { events } = await driver.stored(pin('pin', two));
    expect(events).toMatchObject([{ type: 'pin.added', messageSeq: two }]);
    await driver.stored(pin('pin', one));
    expect((await driver.stored(pin('pin', two))).events).toEqual([]);
    expect((await pins('cay')).messages.map(({ text }) => text)).toEqual(['one', 'two']);
    expect((await driver.stored(pin('unpin', one))).events).toMatchObject([{ type: 'pin.removed' }]);
    expect((await driver.stored(pin('unpin', one))).events).toEqual([]);
    expect((await pins()).messages.map(({ text }) => text)).toEqual(['two']);
  });

  it('moves to the front when it is set anew in the batch that took it off', async () => {
    const [one, two] = [await sent({ text: 'one' }), await sent({ text: 'two' })];
    await driver.append(pin('pin', one), pin('pin', two));
    await driver.append(pin('unpin', one), pin('pin', one));
    expect((await pins()).messages.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('is for admins, and for both of a direct room', async () => {
    const seq = await sent();
    expect(codeOf(await driver.one(pin('pin', seq, 'bob')))).toBe('FORBIDDEN');
    expect(codeOf(await driver.one(pin('unpin', seq, 'bob')))).toBe('FORBIDDEN');
    expect(codeOf(await driver.one(pin('pin', seq, 'eve')))).toBe('NOT_FOUND');
    expect(codeOf(await driver.one(pin('pin', 1)))).toBe('NOT_FOUND');
    const direct = await driver.stored(driver.creation({ kind: 'direct', memberIds: ['bob'] }));
    roomId = direct.roomId;
    const own = await sent();
    expect(codeOf(await driver.one(pin('pin', own, 'bob')))).toBe('stored');
  });

  it('is refused on a tombstone, where there is none to take off', async () => {
    const seq = await sent();
    await driver.stored(deletion(seq));
    expect(codeOf(await driver.one(pin('pin', seq)))).toBe('CONFLICT');
    expect((await driver.stored(pin('unpin', seq))).events).toEqual([]);
  });
});

describe('every change of a message', () => {
  const changes = (seq: number): Change[] => [
    edit(seq, 'x'),
    deletion(seq),
    reaction('react', seq, '👍'),
    reaction('unreact', seq, '👍'),
    pin('pin', seq),
    pin('unpin', seq),
  ];

  it('is forbidden in an archived room', async () => {
    const seq = await sent();
    await driver.stored({ change: 'archive', roomId, actorId: 'ann' });
    for (const change of changes(seq)) expect(codeOf(await driver.one(change))).toBe('FORBIDDEN');
  });

  it('finds no room where there is none', async () => {
    const seq = await sent();
    roomId = 'nowhere';
    for (const change of changes(seq)) expect(codeOf(await driver.one(change))).toBe('NOT_FOUND');
  });
});
