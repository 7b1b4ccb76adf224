import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventSeq, plainQuery, type Store } from '../../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../../storage/testing.js';
import { chatMigrations, type RoomEvent } from '../../records/index.js';
import { store as logStore } from '../log.store.js';
import { store as appendStore } from './append.store.js';
import type { Change, CreateRoom, ModuleEvent, Outcome, SendMessage, Stored } from './change.js';

interface VoteTables {
  readonly votes: { readonly room_id: string; readonly seq: number; readonly voter: string };
}

const AT = Date.UTC(2030, 0, 1);

let test: TestDatabase;
let appends: Store<typeof appendStore>;
let logs: Store<typeof logStore>;
let lastRoom = 0;

beforeAll(async () => {
  test = await openTestDatabase({
    migrations: [
      ...chatMigrations,
      {
        name: 'votes/0001-votes',
        up: (schema) => [
          schema.schema
            .createTable('votes')
            .addColumn('room_id', 'text')
            .addColumn('seq', 'integer')
            .addColumn('voter', 'text')
            .addUniqueConstraint('one_vote', ['room_id', 'voter']),
        ],
      },
    ],
  });
  appends = test.database.open(appendStore);
  logs = test.database.open(logStore);
});

afterAll(async () => test.close());

const append = async (...changes: Change[]): Promise<Outcome[]> => appends.append({ nowMs: AT, changes });

async function one(change: Change): Promise<Outcome> {
  const [outcome] = await append(change);
  if (!outcome) throw new Error('no outcome');
  return outcome;
}

async function done(change: Change): Promise<Stored> {
  const outcome = await one(change);
  if (outcome.outcome !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`);
  return outcome;
}

async function events(roomId: string): Promise<RoomEvent[]> {
  return logs.events({ roomId, after: 0, until: 1e9, limit: 1000, maxBytes: 1e6 });
}

async function seqs(roomId: string): Promise<number[]> {
  return (await events(roomId)).map(({ seq }) => seq);
}

async function view(roomId: string, userId: string) {
  const [room] = await logs.roomViews({ userId, roomIds: [roomId], ahead: {} });
  return room;
}

function creation(values: Partial<CreateRoom> = {}): CreateRoom {
  return {
    change: 'create',
    roomId: `room-${++lastRoom}`,
    actorId: 'ann',
    kind: 'group',
    name: null,
    topic: null,
    memberIds: ['bob'],
    areMembersKnown: true,
    clientId: null,
    ...values,
  };
}

/** A group of ann, its owner, and bob. */
async function group(): Promise<string> {
  return (await done(creation())).roomId;
}

async function channel(): Promise<string> {
  return (await done(creation({ kind: 'channel', memberIds: [] }))).roomId;
}

let lastMessage = 0;
function sending(roomId: string, values: Partial<SendMessage> = {}): SendMessage {
  lastMessage += 1;
  return {
    change: 'send',
    roomId,
    actorId: 'ann',
    id: `message-${lastMessage}`,
    clientId: `client-${lastMessage}`,
    requestHash: 'hash',
    text: 'hello',
    replyTo: null,
    threadSeq: null,
    meta: null,
    namedIds: [],
    ...values,
  };
}

function vote(roomId: string, values: Partial<ModuleEvent> = {}): ModuleEvent {
  const votes = test.database.builder<VoteTables>();
  const actorId = values.actorId === undefined ? 'ann' : values.actorId;
  return {
    change: 'module',
    roomId,
    actorId,
    type: 'poll.voted',
    body: '{"choice":1}',
    require: 'member',
    project: [
      plainQuery(
        votes.insertInto('votes').values({ room_id: roomId, seq: eventSeq(), voter: String(actorId) }),
      ),
    ],
    assert: [],
    ...values,
  };
}

async function votes(roomId: string) {
  const [rows] = await test.database.read([
    test.database.builder<VoteTables>().selectFrom('votes').selectAll().where('room_id', '=', roomId),
  ]);
  return rows;
}

describe('sending', () => {
  it('gives each message the next seq of its room', async () => {
    const [one, other] = [await group(), await group()];
    const outcomes = await append(sending(one), sending(other), sending(one), sending(one));
    expect(outcomes.map((outcome) => outcome.outcome === 'stored' && outcome.message?.seq)).toEqual([
      3, 3, 4, 5,
    ]);
    expect(await seqs(one)).toEqual([1, 2, 3, 4, 5]);
    expect(await seqs(other)).toEqual([1, 2, 3]);
  });

  it('keeps the message as it was sent', async () => {
    const roomId = await group();
    const meta = '{"n":1e-7,"list":[{"x":null}]}';
    const sent = await done(sending(roomId, { text: 'a\n\tb — ☃ 👩‍👩‍👧', meta, replyTo: null }));
    const [, , event] = await events(roomId);
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
    const roomId = await group();
    const send = sending(roomId);
    const outcomes = await append(send, { ...send, id: 'other' });
    const later = await one({ ...send, id: 'third' });
    expect(
      [...outcomes, later].map((it) => it.outcome === 'stored' && [it.duplicate, it.message?.id]),
    ).toEqual([
      [false, send.id],
      [true, send.id],
      [true, send.id],
    ]);
    expect(later).toMatchObject({ events: [] });
    expect(await seqs(roomId)).toEqual([1, 2, 3]);
  });

  it('takes one clientId from two senders and in two rooms', async () => {
    const [roomId, other] = [await group(), await group()];
    const send = sending(roomId);
    const outcomes = await append(send, { ...send, actorId: 'bob' }, { ...send, roomId: other });
    expect(outcomes.map((it) => it.outcome === 'stored' && it.duplicate)).toEqual([false, false, false]);
  });

  it('refuses another message under a clientId', async () => {
    const send = sending(await group());
    const outcomes = await append(send, { ...send, requestHash: 'another' });
    expect(outcomes[1]).toMatchObject({ outcome: 'refused', code: 'CONFLICT' });
    expect(await one({ ...send, requestHash: 'another' })).toMatchObject({ code: 'CONFLICT' });
    expect(await seqs(send.roomId)).toEqual([1, 2, 3]);
  });

  it('finds the first message of one who has left since', async () => {
    const roomId = await group();
    const send = sending(roomId, { actorId: 'bob' });
    await append(send, { change: 'leave', roomId, actorId: 'bob' });
    expect(await one(send)).toMatchObject({ outcome: 'stored', duplicate: true });
    expect(await one(sending(roomId, { actorId: 'bob' }))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('hides a group from a stranger, and turns one away from a channel', async () => {
    const [hidden, open] = [await group(), await channel()];
    const outcomes = await append(
      sending(hidden, { actorId: 'eve' }),
      sending('nowhere', { actorId: 'eve' }),
      sending(open, { actorId: 'eve' }),
    );
    expect(outcomes[0]).toEqual({ outcome: 'refused', code: 'NOT_FOUND', message: 'room not found' });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('refuses one and stores its neighbours', async () => {
    const roomId = await group();
    const outcomes = await append(sending(roomId), sending(roomId, { actorId: 'eve' }), sending(roomId));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'refused', 'stored']);
    expect(await seqs(roomId)).toEqual([1, 2, 3, 4]);
  });

  it('refuses a reply to what is no message', async () => {
    const roomId = await group();
    const root = await done(sending(roomId));
    const reply = await done(sending(roomId, { threadSeq: root.message?.seq ?? 0 }));
    const wrong: [Partial<SendMessage>, string][] = [
      [{ replyTo: 1 }, 'replyTo'],
      [{ replyTo: 99 }, 'replyTo'],
      [{ threadSeq: 1 }, 'threadSeq'],
      [{ threadSeq: reply.message?.seq ?? 0 }, 'threadSeq'],
    ];
    for (const [values, path] of wrong) {
      expect(await one(sending(roomId, values))).toMatchObject({ code: 'VALIDATION_FAILED', path });
    }
  });

  it('answers a message of the same batch', async () => {
    const roomId = await group();
    const outcomes = await append(sending(roomId), sending(roomId, { replyTo: 3, threadSeq: 3 }));
    expect(outcomes[1]).toMatchObject({ message: { replyTo: 3, threadSeq: 3, seq: 4 } });
    await done(sending(roomId, { threadSeq: 3 }));
    const again = await one(sending(roomId, { clientId: `client-${lastMessage - 2}` }));
    expect(again).toMatchObject({ duplicate: true, message: { replyCount: 2 } });
    expect((await events(roomId))[2]).toMatchObject({ message: { replyCount: 0 } });
  });

  it('counts root messages as unread, for all but their sender', async () => {
    const roomId = await group();
    await append(sending(roomId), sending(roomId), sending(roomId, { threadSeq: 3 }), vote(roomId));
    expect(await view(roomId, 'bob')).toMatchObject({ head: 6, readSeq: 2, unread: 2 });
    expect(await view(roomId, 'ann')).toMatchObject({ head: 6, readSeq: 5, unread: 0 });
    await logs.advance([{ roomId, userId: 'bob', seq: 3 }]);
    expect(await view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 1 });
    await logs.advance([{ roomId, userId: 'bob', seq: 2 }]);
    expect(await view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 1 });
  });

  it('mentions members only, and counts them until they are read', async () => {
    const roomId = await group();
    const sent = await done(sending(roomId, { namedIds: ['bob', 'eve'] }));
    await done(sending(roomId, { namedIds: ['bob'], threadSeq: sent.message?.seq ?? 0 }));
    expect(sent.message?.mentions).toEqual(['bob']);
    expect(await view(roomId, 'bob')).toMatchObject({ mentions: 2, unread: 1 });
    await logs.advance([{ roomId, userId: 'bob', seq: 3 }]);
    expect(await view(roomId, 'bob')).toMatchObject({ mentions: 1, unread: 0 });
    const [ahead] = await logs.roomViews({ userId: 'bob', roomIds: [roomId], ahead: { [roomId]: 4 } });
    expect(ahead).toMatchObject({ mentions: 0, readSeq: 4 });
  });

  it('lets no event be older than the one before it', async () => {
    const roomId = await group();
    await appends.append({ nowMs: AT - 5000, changes: [sending(roomId)] });
    expect((await events(roomId)).map(({ at }) => at)).toEqual(Array(3).fill('2030-01-01T00:00:00.000Z'));
  });
});

describe('membership', () => {
  it('begins a room with its members', async () => {
    const created = await done(creation({ memberIds: ['bob', 'cy'] }));
    expect(created.events.map(({ type, actorId, userId, role }) => [type, actorId, userId, role])).toEqual([
      ['member.joined', 'ann', 'ann', 'owner'],
      ['member.joined', 'ann', 'bob', 'member'],
      ['member.joined', 'ann', 'cy', 'member'],
    ]);
    expect(await events(created.roomId)).toEqual(created.events);
    expect(await view(created.roomId, 'bob')).toMatchObject({
      kind: 'group',
      memberCount: 3,
      role: 'member',
      readSeq: 2,
      unread: 0,
      lastMessage: null,
    });
  });

  it('creates a room once for each clientId', async () => {
    const first = creation({ clientId: 'create-1' });
    const outcomes = await append(first, creation({ clientId: 'create-1' }));
    const later = await one(creation({ clientId: 'create-1', areMembersKnown: false }));
    const roomIds = [...outcomes, later].map((it) => it.outcome === 'stored' && it.roomId);
    expect(roomIds).toEqual([first.roomId, first.roomId, first.roomId]);
    expect(await one(creation({ clientId: 'create-1', actorId: 'bob', memberIds: [] }))).toMatchObject({
      duplicate: false,
    });
  });

  it('refuses to create a room with a user who does not exist', async () => {
    const refused = creation({ areMembersKnown: false });
    expect(await one(refused)).toMatchObject({ code: 'NOT_FOUND', message: 'user not found' });
    expect(await seqs(refused.roomId)).toEqual([]);
  });

  it('has one direct room for a pair, whoever asks', async () => {
    const first = creation({ kind: 'direct', actorId: 'dan', memberIds: ['ed'] });
    const mirrored = { actorId: 'ed', memberIds: ['dan'] };
    const outcomes = await append(first, creation({ kind: 'direct', ...mirrored }));
    const later = await one(creation({ kind: 'direct', ...mirrored }));
    expect([...outcomes, later].map((it) => it.outcome === 'stored' && it.roomId)).toEqual(
      Array(3).fill(first.roomId),
    );
    expect(await view(first.roomId, 'ed')).toMatchObject({ userIds: ['dan', 'ed'], role: 'owner' });
  });

  it('fixes the members of a direct room', async () => {
    const { roomId } = await done(creation({ kind: 'direct', actorId: 'flo', memberIds: ['gil'] }));
    const add: Change = { change: 'add', roomId, actorId: 'flo', userIds: ['eve'] };
    expect(await one(add)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await one({ ...add, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await one({ change: 'leave', roomId, actorId: 'flo' })).toMatchObject({ code: 'FORBIDDEN' });
    expect(await one({ change: 'leave', roomId, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await one({ change: 'join', roomId, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lets anyone into a channel, once', async () => {
    const roomId = await channel();
    await done(sending(roomId));
    const join: Change = { change: 'join', roomId, actorId: 'bob' };
    const outcomes = await append(join, join);
    expect(outcomes.map((it) => it.outcome === 'stored' && it.events.length)).toEqual([1, 0]);
    expect(await view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 0, memberCount: 2 });
  });

  it('lets nobody into a group, and a member stay', async () => {
    const roomId = await group();
    expect(await one({ change: 'join', roomId, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await one({ change: 'join', roomId, actorId: 'bob' })).toMatchObject({ events: [] });
  });

  it('adds those who are no members yet', async () => {
    const roomId = await group();
    const add: Change = { change: 'add', roomId, actorId: 'bob', userIds: ['ann', 'cy', 'di'] };
    const added = await done(add);
    expect(added.events.map(({ type, actorId, userId }) => [type, actorId, userId])).toEqual([
      ['member.joined', 'bob', 'cy'],
      ['member.joined', 'bob', 'di'],
    ]);
    expect(await done(add)).toMatchObject({ events: [] });
  });

  it('lets only admins add to a channel', async () => {
    const roomId = await channel();
    await done({ change: 'join', roomId, actorId: 'bob' });
    expect(await one({ change: 'add', roomId, actorId: 'bob', userIds: ['cy'] })).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await done({ change: 'add', roomId, actorId: 'ann', userIds: ['cy'] })).toBeDefined();
  });

  it('hands the room of a leaving owner to the longest-standing member', async () => {
    const { roomId } = await done(creation({ memberIds: ['bob', 'cy'] }));
    const left = await done({ change: 'leave', roomId, actorId: 'ann' });
    expect(left.events.map(({ type, actorId, userId, role }) => [type, actorId, userId, role])).toEqual([
      ['member.role', 'ann', 'bob', 'owner'],
      ['member.left', 'ann', 'ann', 'owner'],
    ]);
    expect(await view(roomId, 'ann')).toBeUndefined();
    expect(await view(roomId, 'bob')).toMatchObject({ role: 'owner', memberCount: 2 });
  });

  it('sees who joined and left in the same batch', async () => {
    const { roomId } = await done(creation({ memberIds: [] }));
    const outcomes = await append(
      { change: 'add', roomId, actorId: 'ann', userIds: ['bob', 'cy'] },
      { change: 'leave', roomId, actorId: 'bob' },
      { change: 'leave', roomId, actorId: 'ann' },
      { change: 'add', roomId, actorId: 'cy', userIds: ['bob'] },
      sending(roomId, { actorId: 'ann' }),
      sending(roomId, { actorId: 'bob' }),
    );
    expect(outcomes.map((it) => (it.outcome === 'stored' ? it.events.length : it.outcome))).toEqual([
      2,
      1,
      2,
      1,
      'refused',
      1,
    ]);
    expect(await view(roomId, 'cy')).toMatchObject({ role: 'owner', memberCount: 2 });
    expect(await view(roomId, 'bob')).toMatchObject({ role: 'member', readSeq: 8 });
    expect(await seqs(roomId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('lets the last member leave, and the next one own the channel', async () => {
    const roomId = await channel();
    await done({ change: 'leave', roomId, actorId: 'ann' });
    expect(await one({ change: 'leave', roomId, actorId: 'ann' })).toMatchObject({ events: [] });
    await done({ change: 'join', roomId, actorId: 'bob' });
    expect(await view(roomId, 'bob')).toMatchObject({ role: 'owner', memberCount: 1 });
  });
});

describe('events of modules', () => {
  it('appends the event with its rows', async () => {
    const roomId = await group();
    const [, voted] = await append(sending(roomId), vote(roomId), sending(roomId));
    expect(voted).toMatchObject({ events: [{ seq: 4, type: 'poll.voted', actorId: 'ann', choice: 1 }] });
    expect(await votes(roomId)).toEqual([{ room_id: roomId, seq: 4, voter: 'ann' }]);
    expect(await seqs(roomId)).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses an event whose rows a constraint refuses, and that alone', async () => {
    const roomId = await group();
    const outcomes = await append(sending(roomId), vote(roomId), vote(roomId), sending(roomId));
    expect(outcomes.map((it) => (it.outcome === 'refused' ? it.code : it.outcome))).toEqual([
      'stored',
      'stored',
      'CONFLICT',
      'stored',
    ]);
    expect(await seqs(roomId)).toEqual([1, 2, 3, 4, 5]);
    expect(await view(roomId, 'bob')).toMatchObject({ head: 5, unread: 2 });
  });

  it('fails an event whose query cannot work, and that alone', async () => {
    const roomId = await group();
    const broken = vote(roomId, { project: [{ sql: 'insert into nowhere values (1)', parameters: [] }] });
    const outcomes = await append(broken, sending(roomId));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'stored']);
    expect(await seqs(roomId)).toEqual([1, 2, 3]);
  });

  it('asks that each condition gives a row', async () => {
    const roomId = await group();
    const sql = 'select 1 from votes where room_id = ? and seq < ?';
    const assert = [{ sql, parameters: [roomId, eventSeq()] }];
    expect(await one(vote(roomId, { assert, actorId: 'bob' }))).toMatchObject({ code: 'CONFLICT' });
    const outcomes = await append(vote(roomId), vote(roomId, { assert, actorId: 'bob' }));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
  });

  it('asks for the role, of all but the service', async () => {
    const roomId = await group();
    expect(await one(vote(roomId, { actorId: 'eve' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await one(vote(roomId, { actorId: 'bob', require: 'admin' }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await done(vote(roomId, { actorId: null, require: 'admin' }))).toMatchObject({
      events: [{ actorId: null }],
    });
    expect(await one(vote('nowhere', { actorId: null }))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an archived room', () => {
  it('takes nothing more', async () => {
    const roomId = await channel();
    await done({ change: 'join', roomId, actorId: 'bob' });
    await archive(roomId);
    const changes: Change[] = [
      sending(roomId),
      { change: 'join', roomId, actorId: 'cy' },
      { change: 'add', roomId, actorId: 'ann', userIds: ['cy'] },
      { change: 'leave', roomId, actorId: 'bob' },
      vote(roomId),
      vote(roomId, { actorId: null }),
    ];
    for (const outcome of await append(...changes)) expect(outcome).toMatchObject({ code: 'FORBIDDEN' });
    expect(await one({ change: 'join', roomId, actorId: 'bob' })).toMatchObject({ events: [] });
  });

  async function archive(roomId: string): Promise<void> {
    const project = [{ sql: 'update rooms set archived_at = 1 where id = ?', parameters: [roomId] }];
    await done(vote(roomId, { project }));
  }
});
