import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from '../append-driver.js';
import type { Change } from './change.js';

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

describe('membership', () => {
  it('begins a room with its members', async () => {
    const created = await log.stored(log.creation({ memberIds: ['bob', 'cy'] }));
    expect(created.events.map(({ type, actorId, userId, role }) => [type, actorId, userId, role])).toEqual([
      ['member.joined', 'ann', 'ann', 'owner'],
      ['member.joined', 'ann', 'bob', 'member'],
      ['member.joined', 'ann', 'cy', 'member'],
    ]);
    expect(await log.events(created.roomId)).toEqual(created.events);
    expect(await log.view(created.roomId, 'bob')).toMatchObject({
      kind: 'group',
      memberCount: 3,
      role: 'member',
      readSeq: 2,
      unread: 0,
      lastMessage: null,
    });
  });

  it('creates a room once for each clientId', async () => {
    const first = log.creation({ clientId: 'create-1' });
    const outcomes = await log.append(first, log.creation({ clientId: 'create-1' }));
    const later = await log.one(log.creation({ clientId: 'create-1', areMembersKnown: false }));
    const roomIds = [...outcomes, later].map((it) => it.outcome === 'stored' && it.roomId);
    expect(roomIds).toEqual([first.roomId, first.roomId, first.roomId]);
    expect(
      await log.one(log.creation({ clientId: 'create-1', actorId: 'bob', memberIds: [] })),
    ).toMatchObject({
      duplicate: false,
    });
  });

  it('refuses to create a room with a user who does not exist', async () => {
    const refused = log.creation({ areMembersKnown: false });
    expect(await log.one(refused)).toMatchObject({ code: 'NOT_FOUND', message: 'user not found' });
    expect(await log.seqs(refused.roomId)).toEqual([]);
  });

  it('has one direct room for a pair, whoever asks', async () => {
    const first = log.creation({ kind: 'direct', actorId: 'dan', memberIds: ['ed'] });
    const mirrored = { actorId: 'ed', memberIds: ['dan'] };
    const outcomes = await log.append(first, log.creation({ kind: 'direct', ...mirrored }));
    const later = await log.one(log.creation({ kind: 'direct', ...mirrored }));
    expect([...outcomes, later].map((it) => it.outcome === 'stored' && it.roomId)).toEqual(
      Array(3).fill(first.roomId),
    );
    expect(await log.view(first.roomId, 'ed')).toMatchObject({ userIds: ['dan', 'ed'], role: 'owner' });
  });

  it('fixes the members of a direct room', async () => {
    const { roomId } = await log.stored(log.creation({ kind: 'direct', actorId: 'flo', memberIds: ['gil'] }));
    const add: Change = { change: 'add', roomId, actorId: 'flo', userIds: ['eve'] };
    expect(await log.one(add)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await log.one({ ...add, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await log.one({ change: 'leave', roomId, actorId: 'flo' })).toMatchObject({ code: 'FORBIDDEN' });
    expect(await log.one({ change: 'leave', roomId, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await log.one({ change: 'join', roomId, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lets anyone into a channel, once', async () => {
    const roomId = await log.channel();
    await log.stored(log.sending(roomId));
    const join: Change = { change: 'join', roomId, actorId: 'bob' };
    const outcomes = await log.append(join, join);
    expect(outcomes.map((it) => it.outcome === 'stored' && it.events.length)).toEqual([1, 0]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 0, memberCount: 2 });
  });

  it('lets nobody into a group, and a member stay', async () => {
    const roomId = await log.group();
    expect(await log.one({ change: 'join', roomId, actorId: 'eve' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await log.one({ change: 'join', roomId, actorId: 'bob' })).toMatchObject({ events: [] });
  });

  it('adds those who are no members yet', async () => {
    const roomId = await log.group();
    const add: Change = { change: 'add', roomId, actorId: 'bob', userIds: ['ann', 'cy', 'di'] };
    const added = await log.stored(add);
    expect(added.events.map(({ type, actorId, userId }) => [type, actorId, userId])).toEqual([
      ['member.joined', 'bob', 'cy'],
      ['member.joined', 'bob', 'di'],
    ]);
    expect(await log.stored(add)).toMatchObject({ events: [] });
  });

  it('lets only admins add to a channel', async () => {
    const roomId = await log.channel();
    await log.stored({ change: 'join', roomId, actorId: 'bob' });
    expect(await log.one({ change: 'add', roomId, actorId: 'bob', userIds: ['cy'] })).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await log.stored({ change: 'add', roomId, actorId: 'ann', userIds: ['cy'] })).toBeDefined();
  });

  it('hands the room of a leaving owner to the longest-standing member', async () => {
    const { roomId } = await log.stored(log.creation({ memberIds: ['bob', 'cy'] }));
    const left = await log.stored({ change: 'leave', roomId, actorId: 'ann' });
    expect(left.events.map(({ type, actorId, userId, role }) => [type, actorId, userId, role])).toEqual([
      ['member.role', 'ann', 'bob', 'owner'],
      ['member.left', 'ann', 'ann', 'owner'],
    ]);
    expect(await log.view(roomId, 'ann')).toBeUndefined();
    expect(await log.view(roomId, 'bob')).toMatchObject({ role: 'owner', memberCount: 2 });
  });

  it('sees who joined and left in the same batch', async () => {
    const { roomId } = await log.stored(log.creation({ memberIds: [] }));
    const outcomes = await log.append(
      { change: 'add', roomId, actorId: 'ann', userIds: ['bob', 'cy'] },
      { change: 'leave', roomId, actorId: 'bob' },
      { change: 'leave', roomId, actorId: 'ann' },
      { change: 'add', roomId, actorId: 'cy', userIds: ['bob'] },
      log.sending(roomId, { actorId: 'ann' }),
      log.sending(roomId, { actorId: 'bob' }),
    );
    expect(outcomes.map((it) => (it.outcome === 'stored' ? it.events.length : it.outcome))).toEqual([
      2,
      1,
      2,
      1,
      'refused',
      1,
    ]);
    expect(await log.view(roomId, 'cy')).toMatchObject({ role: 'owner', memberCount: 2 });
    expect(await log.view(roomId, 'bob')).toMatchObject({ role: 'member', readSeq: 8 });
    expect(await log.seqs(roomId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('lets the last member leave, and the next one own the channel', async () => {
    const roomId = await log.channel();
    await log.stored({ change: 'leave', roomId, actorId: 'ann' });
    expect(await log.one({ change: 'leave', roomId, actorId: 'ann' })).toMatchObject({ events: [] });
    await log.stored({ change: 'join', roomId, actorId: 'bob' });
    expect(await log.view(roomId, 'bob')).toMatchObject({ role: 'owner', memberCount: 1 });
  });
});
