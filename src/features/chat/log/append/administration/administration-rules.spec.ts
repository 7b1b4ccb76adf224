import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../../../storage/testing.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../../append-driver.js';
import type { Change, Outcome } from '../change.js';
import type { AdministrationChange } from './changes.js';

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

/** A room with one of each rank: ann owns it, adam is an admin, bob and mia are members. Its head is 5. */
async function staffed(kind: 'group' | 'channel' = 'group'): Promise<string> {
  const { roomId } = await log.stored(log.creation({ kind, memberIds: ['adam', 'bob', 'mia'] }));
  await log.stored({ change: 'role', roomId, actorId: 'ann', userId: 'adam', role: 'admin' });
  return roomId;
}

const removal = (roomId: string, actorId: string, userId: string, isBan = false): AdministrationChange => ({
  change: 'remove',
  roomId,
  actorId,
  userId,
  isBan,
  isUserKnown: true,
});

/** The types of the events that a change stored, or the code of its refusal. */
function told(outcome: Outcome | undefined): unknown {
  if (outcome?.outcome === 'stored') return outcome.events.map(({ type }) => type);
  return outcome?.outcome === 'refused' ? outcome.code : outcome;
}

async function tell(change: Change): Promise<unknown> {
  return told(await log.one(change));
}

describe('updating a room', () => {
  it('stores what is new, as anyone sees it', async () => {
    const roomId = await staffed();
    const { events } = await log.stored({ change: 'update', roomId, actorId: 'adam', name: 'shed' });
    expect(events).toEqual([expect.objectContaining({ seq: 6, type: 'room.updated', actorId: 'adam' })]);
    expect(events[0]?.['room']).toMatchObject({ id: roomId, name: 'shed', topic: null, head: 6 });
    expect(events[0]?.['room']).not.toHaveProperty('role');
    expect(await log.events(roomId)).toContainEqual(events[0]);
    await log.stored({ change: 'update', roomId, actorId: 'ann', topic: 'tools' });
    expect(await log.view(roomId, 'bob')).toMatchObject({ name: 'shed', topic: 'tools' });
  });

  it('stores nothing when nothing is new', async () => {
    const roomId = await staffed();
    const update: Change = { change: 'update', roomId, actorId: 'ann', name: 'shed', topic: '' };
    expect((await log.append(update, update)).map(told)).toEqual([['room.updated'], []]);
    expect(await tell({ change: 'update', roomId, actorId: 'ann' })).toEqual([]);
  });
});

describe('an archived room', () => {
  it('takes no write of anybody', async () => {
    const roomId = await staffed('channel');
    const message = log.sending(roomId, { actorId: 'bob' });
    const { events } = await log.stored(message);
    const seq = events[0]?.seq ?? 0;
    await log.stored({ change: 'archive', roomId, actorId: 'ann' });
    const module = { type: 'poll.voted', body: '{}', require: 'member', project: [], assert: [] } as const;
    const writes: Change[] = [
      log.sending(roomId),
      { change: 'join', roomId, actorId: 'zoe' },
      { change: 'leave', roomId, actorId: 'bob' },
      { change: 'add', roomId, actorId: 'ann', userIds: ['zoe'] },
      { change: 'edit', roomId, actorId: 'bob', seq, text: 'other', namedIds: [] },
      { change: 'delete', roomId, actorId: 'bob', seq },
      { change: 'react', roomId, actorId: 'bob', seq, emoji: '🌳' },
      { change: 'pin', roomId, actorId: 'ann', seq },
      { change: 'module', roomId, actorId: 'bob', ...module },
      { change: 'module', roomId, actorId: null, ...module },
      { change: 'update', roomId, actorId: 'ann', name: 'other' },
      removal(roomId, 'ann', 'bob'),
      { change: 'unban', roomId, actorId: 'ann', userId: 'bob' },
      { change: 'role', roomId, actorId: 'ann', userId: 'bob', role: 'admin' },
      { change: 'silence', roomId, actorId: 'ann', userId: 'bob', seconds: 1 },
    ];
    const outcomes = await log.append(...writes);
    expect(outcomes.map(told)).toEqual(writes.map(() => 'FORBIDDEN'));
    expect(await log.one(message)).toMatchObject({ outcome: 'stored', duplicate: true });
    expect(await log.view(roomId, 'bob')).toMatchObject({ head: seq + 1, archivedAt: expect.any(String) });
  });

  it('is archived once', async () => {
    const roomId = await staffed();
    const archive: Change = { change: 'archive', roomId, actorId: 'ann' };
    expect((await log.append(archive, archive)).map(told)).toEqual([['room.archived'], []]);
    expect(await tell(archive)).toEqual([]);
    expect(await tell({ ...archive, actorId: 'adam' })).toBe('FORBIDDEN');
    expect(await tell({ ...archive, actorId: 'zoe' })).toBe('NOT_FOUND');
  });
});

describe('removing a member', () => {
  it('is told as a leave that another one made', async () => {
    const roomId = await staffed();
    const { events } = await log.stored(removal(roomId, 'adam', 'bob'));
    expect(events).toEqual([
      {
        roomId,
        seq: 6,
        type: 'member.left',
        actorId: 'adam',
        at: expect.any(String),
        userId: 'bob',
        role: 'member',
      },
    ]);
    expect(await log.view(roomId, 'bob')).toBeUndefined();
    expect(await tell(log.sending(roomId, { actorId: 'bob' }))).toBe('NOT_FOUND');
  });

  it('refuses what comes after it in the same batch, and not what came before', async () => {
    const roomId = await staffed();
    const outcomes = await log.append(
      log.sending(roomId, { actorId: 'bob' }),
      removal(roomId, 'ann', 'bob'),
      log.sending(roomId, { actorId: 'bob' }),
    );
    expect(outcomes.map(told)).toEqual([['message'], ['member.left'], 'NOT_FOUND']);
  });

  it.each([
    ['adam', 'ann', 'FORBIDDEN'],
    ['adam', 'adam', 'FORBIDDEN'],
    ['ann', 'ann', 'FORBIDDEN'],
    ['bob', 'mia', 'FORBIDDEN'],
    ['zoe', 'bob', 'NOT_FOUND'],
    ['ann', 'adam', ['member.left']],
    ['ann', 'zoe', []],
  ])('%s removing %s is told %j', async (actorId, userId, expected) => {
    expect(await tell(removal(await staffed(), actorId, userId))).toEqual(expected);
  });

  it('does not know one who does not exist', async () => {
    const roomId = await staffed();
    const nobody = { ...removal(roomId, 'ann', 'nobody', true), isUserKnown: false } as Change;
    expect(await log.one(nobody)).toMatchObject({ code: 'NOT_FOUND', message: 'user not found' });
    expect(await log.one({ ...nobody, actorId: 'zoe' } as Change)).toMatchObject({
      message: 'room not found',
    });
  });

  it('is not for direct rooms', async () => {
    const { roomId } = await log.stored(log.creation({ kind: 'direct', actorId: 'kim', memberIds: ['lee'] }));
    expect(await tell(removal(roomId, 'kim', 'lee'))).toBe('FORBIDDEN');
    expect(await tell({ change: 'update', roomId, actorId: 'kim', name: 'us' })).toBe('FORBIDDEN');
    expect(await tell({ change: 'archive', roomId, actorId: 'kim' })).toBe('FORBIDDEN');
    expect(await tell({ change: 'role', roomId, actorId: 'kim', userId: 'lee', role: 'member' })).toBe(
      'FORBIDDEN',
    );
    expect(await tell({ change: 'silence', roomId, actorId: 'kim', userId: 'lee', seconds: 1 })).toBe(
      'FORBIDDEN',
    );
    expect(await tell(removal(roomId, 'zoe', 'lee'))).toBe('NOT_FOUND');
  });
});

describe('a ban', () => {
  it('keeps out by every door until it is lifted', async () => {
    const roomId = await staffed('channel');
    const join: Change = { change: 'join', roomId, actorId: 'bob' };
    const add: Change = { change: 'add', roomId, actorId: 'ann', userIds: ['bob', 'zoe'] };
    const { events } = await log.stored(removal(roomId, 'adam', 'bob', true));
    expect(events[0]).toMatchObject({ type: 'member.left', userId: 'bob', banned: true });
    expect(await tell(join)).toBe('FORBIDDEN');
    expect((await log.stored(add)).events.map(({ userId }) => userId)).toEqual(['zoe']);
    expect(await tell({ change: 'unban', roomId, actorId: 'adam', userId: 'bob' })).toEqual([]);
    expect(await tell(join)).toEqual(['member.joined']);
  });

  it('holds at once within a batch', async () => {
    const roomId = await staffed('channel');
    const join: Change = { change: 'join', roomId, actorId: 'bob' };
    const unban: Change = { change: 'unban', roomId, actorId: 'ann', userId: 'bob' };
    const outcomes = await log.append(removal(roomId, 'ann', 'bob', true), join, unban, join);
    expect(outcomes.map(told)).toEqual([['member.left'], 'FORBIDDEN', [], ['member.joined']]);
  });

  it('also meets one who left before', async () => {
    const roomId = await staffed('channel');
    await log.stored({ change: 'leave', roomId, actorId: 'bob' });
    expect(await tell(removal(roomId, 'ann', 'bob', true))).toEqual([]);
    expect(await tell({ change: 'join', roomId, actorId: 'bob' })).toBe('FORBIDDEN');
  });

  it('is lifted by admins only', async () => {
    const roomId = await staffed('channel');
    const unban = (actorId: string): Change => ({ change: 'unban', roomId, actorId, userId: 'zoe' });
    expect(await tell(unban('bob'))).toBe('FORBIDDEN');
    expect(await tell(unban('zoe'))).toBe('FORBIDDEN');
    expect(await tell(unban('adam'))).toEqual([]);
  });
});

describe('roles', () => {
  const role = (
    roomId: string,
    actorId: string,
    userId: string,
    to: 'owner' | 'admin' | 'member',
  ): Change => ({
    change: 'role',
    roomId,
    actorId,
    userId,
    role: to,
  });

  it('are given by the owner, and tell nothing when they are held', async () => {
    const roomId = await staffed();
    expect(await tell(role(roomId, 'ann', 'bob', 'admin'))).toEqual(['member.role']);
    expect(await tell(role(roomId, 'ann', 'bob', 'admin'))).toEqual([]);
    expect(await tell(role(roomId, 'ann', 'ann', 'owner'))).toEqual([]);
    expect(await tell(role(roomId, 'ann', 'bob', 'member'))).toEqual(['member.role']);
    expect(await log.view(roomId, 'bob')).toMatchObject({ role: 'member' });
  });

  it('hand the room over, and leave the old owner an admin', async () => {
    const roomId = await staffed();
    const { events } = await log.stored(role(roomId, 'ann', 'bob', 'owner'));
    expect(events.map(({ actorId, userId, role: given }) => [actorId, userId, given])).toEqual([
      ['ann', 'bob', 'owner'],
      ['ann', 'ann', 'admin'],
    ]);
    expect(await log.view(roomId, 'ann')).toMatchObject({ role: 'admin' });
    expect(await tell(role(roomId, 'ann', 'mia', 'admin'))).toBe('FORBIDDEN');
    expect(await tell(role(roomId, 'bob', 'ann', 'member'))).toEqual(['member.role']);
  });

  it.each([
    ['an owner steps down', 'ann', 'ann', 'FORBIDDEN'],
    ['an admin gives one', 'adam', 'bob', 'FORBIDDEN'],
    ['a member gives one', 'bob', 'mia', 'FORBIDDEN'],
    ['a stranger gives one', 'zoe', 'bob', 'NOT_FOUND'],
    ['a stranger is given one', 'ann', 'zoe', 'NOT_FOUND'],
  ])('are refused when %s', async (_, actorId, userId, expected) => {
    expect(await tell(role(await staffed(), actorId, userId, 'admin' as const))).toBe(expected);
  });
});

describe('a silence', () => {
  const silence = (roomId: string, actorId: string, userId: string, seconds = 60): Change => ({
    change: 'silence',
    roomId,
    actorId,
    userId,
    seconds,
  });

  it('keeps a member from sending, and tells for how long', async () => {
    const roomId = await staffed();
    const before = log.sending(roomId, { actorId: 'bob' });
    await log.stored(before);
    expect(await tell(silence(roomId, 'adam', 'bob'))).toEqual([]);
    const refused = await log.one(log.sending(roomId, { actorId: 'bob' }));
    expect(refused).toMatchObject({ code: 'FORBIDDEN', retryAfterMs: 60_000 });
    expect(await log.one(before)).toMatchObject({ duplicate: true });
    await log.stored(log.sending(roomId, { actorId: 'mia' }));
  });

  it('ends with its time, or with 0', async () => {
    const roomId = await staffed();
    await log.stored(silence(roomId, 'adam', 'bob', 2));
    const changes = [log.sending(roomId, { actorId: 'bob' })];
    const [early] = await log.appends.append({ nowMs: DRIVEN_AT_MS + 1999, changes });
    expect(early).toMatchObject({ code: 'FORBIDDEN', retryAfterMs: 1 });
    const [late] = await log.appends.append({ nowMs: DRIVEN_AT_MS + 2000, changes });
    expect(told(late)).toEqual(['message']);
    await log.stored(silence(roomId, 'ann', 'bob'));
    await log.stored(silence(roomId, 'ann', 'bob', 0));
    expect(await tell(log.sending(roomId, { actorId: 'bob' }))).toEqual(['message']);
  });

  it('outlives leaving and coming back', async () => {
    const roomId = await staffed('channel');
    await log.stored(silence(roomId, 'adam', 'bob'));
    await log.append({ change: 'leave', roomId, actorId: 'bob' }, { change: 'join', roomId, actorId: 'bob' });
    expect(await tell(log.sending(roomId, { actorId: 'bob' }))).toBe('FORBIDDEN');
  });

  it.each([
    ['adam', 'ann', 'FORBIDDEN'],
    ['adam', 'adam', 'FORBIDDEN'],
    ['bob', 'mia', 'FORBIDDEN'],
    ['zoe', 'bob', 'NOT_FOUND'],
    ['ann', 'zoe', 'NOT_FOUND'],
    ['ann', 'adam', []],
  ])('of %s over %s is told %j', async (actorId, userId, expected) => {
    expect(await tell(silence(await staffed(), actorId, userId))).toEqual(expected);
  });
});
