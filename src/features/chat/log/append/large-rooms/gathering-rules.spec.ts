import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../append-driver.js';
import type { Change, Outcome } from '../change.js';

/** Rooms of more than three are large, and of six are full. */
const SIZES = { largeMembers: 3, maxMembers: 6 };

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database, SIZES);
});

afterAll(async () => test.close());

const joining = (roomId: string, actorId: string): Change => ({ change: 'join', roomId, actorId });
const leaving = (roomId: string, actorId: string): Change => ({ change: 'leave', roomId, actorId });
const adding = (roomId: string, ...userIds: string[]): Change => ({
  change: 'add',
  roomId,
  actorId: 'ann',
  userIds,
});
const removing = (roomId: string, userId: string, isBan = false): Change => ({
  change: 'remove',
  roomId,
  actorId: 'ann',
  userId,
  isBan,
  isUserKnown: true,
});

/** A large channel of ann, its owner, bob, cy and di: its head is 4. */
async function large(): Promise<string> {
  const creation = log.creation({ kind: 'channel', memberIds: ['bob', 'cy', 'di'] });
  return (await log.stored(creation)).roomId;
}

/** What the log tells from `after` on, in few words. */
async function told(roomId: string, after = 4): Promise<unknown[]> {
  const events = await log.events(roomId);
  return events.slice(after).map(({ type, ...event }) => {
    if (type === 'members.changed') return [type, event['joined'], event['left'], event['memberCount']];
    return type.startsWith('member.') ? [type, event['userId']] : [type];
  });
}

const seqsOf = (outcome?: Outcome): unknown =>
  outcome?.outcome === 'stored' ? outcome.events.map(({ seq }) => seq) : outcome?.outcome;

describe('a large room', () => {
  it('tells of joins and leaves by one event', async () => {
    const roomId = await large();
    const outcomes = await log.append(
      joining(roomId, 'ed'),
      leaving(roomId, 'bob'),
      adding(roomId, 'flo', 'cy'),
      joining(roomId, 'ed'),
    );
    expect(await told(roomId)).toEqual([['members.changed', ['ed', 'flo'], ['bob'], 5]]);
    expect(outcomes.map(seqsOf)).toEqual([[5], [5], [5], []]);
    expect(outcomes[2]).toMatchObject({ added: ['flo'] });
    const [, , , , event] = await log.events(roomId);
    expect(event).toMatchObject({ seq: 5, actorId: null });
    for (const outcome of outcomes.slice(0, 3)) expect(outcome).toMatchObject({ events: [event] });
  });

  it('gives each of them a membership that begins at that event', async () => {
    const roomId = await large();
    await log.stored(log.sending(roomId));
    await log.append(joining(roomId, 'ed'), joining(roomId, 'flo'));
    await log.stored(log.sending(roomId));
    for (const userId of ['ed', 'flo']) {
      expect(await log.view(roomId, userId)).toMatchObject({
        head: 7,
        memberCount: 6,
        readSeq: 6,
        unread: 1,
        role: 'member',
      });
    }
  });

  it('is one above the size, before the change', async () => {
    const roomId = (await log.stored(log.creation({ kind: 'channel', memberIds: ['bob', 'cy'] }))).roomId;
    await log.append(joining(roomId, 'di'), joining(roomId, 'ed'), leaving(roomId, 'bob'));
    await log.append(leaving(roomId, 'cy'), leaving(roomId, 'di'));
    expect(await told(roomId, 3)).toEqual([
      ['member.joined', 'di'],
      ['members.changed', ['ed'], ['bob'], 4],
      ['members.changed', [], ['cy'], 3],
      ['member.left', 'di'],
    ]);
  });

  it('names nobody twice in one event', async () => {
    const roomId = await large();
    await log.append(
      joining(roomId, 'ed'),
      leaving(roomId, 'ed'),
      leaving(roomId, 'bob'),
      joining(roomId, 'bob'),
      leaving(roomId, 'cy'),
    );
    expect(await told(roomId)).toEqual([
      ['members.changed', ['ed'], [], 5],
      ['members.changed', [], ['ed', 'bob'], 3],
      ['member.joined', 'bob'],
      ['members.changed', [], ['cy'], 3],
    ]);
  });

  it('tells of a removal by an event of its own, at its place', async () => {
    const roomId = await large();
    await log.append(
      joining(roomId, 'ed'),
      removing(roomId, 'bob'),
      joining(roomId, 'flo'),
      joining(roomId, 'bob'),
      removing(roomId, 'ed', true),
    );
    expect(await told(roomId)).toEqual([
      ['members.changed', ['ed'], [], 5],
      ['member.left', 'bob'],
      ['members.changed', ['flo', 'bob'], [], 6],
      ['member.left', 'ed'],
    ]);
  });

  it('goes on gathering behind a message with another event', async () => {
    const roomId = await large();
    await log.append(joining(roomId, 'ed'), log.sending(roomId), joining(roomId, 'flo'));
    expect(await told(roomId)).toEqual([
      ['members.changed', ['ed'], [], 5],
      ['message'],
      ['members.changed', ['flo'], [], 6],
    ]);
  });

  it('lets a refused join spoil no other', async () => {
    const roomId = await large();
    await log.one(removing(roomId, 'ed', true));
    const outcomes = await log.append(
      joining(roomId, 'flo'),
      joining(roomId, 'ed'),
      adding('nowhere', 'gil'),
      leaving(roomId, 'bob'),
    );
    expect(outcomes.map(seqsOf)).toEqual([[5], 'refused', 'refused', [5]]);
    expect(await told(roomId)).toEqual([['members.changed', ['flo'], ['bob'], 4]]);
  });

  it('hands over by events of their own when its owner leaves', async () => {
    const roomId = await large();
    await log.append(
      joining(roomId, 'ed'),
      leaving(roomId, 'cy'),
      leaving(roomId, 'ann'),
      joining(roomId, 'flo'),
      joining(roomId, 'gil'),
    );
    expect(await told(roomId)).toEqual([
      ['members.changed', ['ed'], ['cy'], 4],
      ['member.role', 'bob'],
      ['member.left', 'ann'],
      ['member.joined', 'flo'],
      ['members.changed', ['gil'], [], 5],
    ]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ role: 'owner' });
  });

  it('keeps apart what two rooms gather', async () => {
    const [one, other] = [await large(), await large()];
    await log.append(joining(one, 'ed'), joining(other, 'ed'), joining(one, 'flo'), leaving(other, 'bob'));
    expect(await told(one)).toEqual([['members.changed', ['ed', 'flo'], [], 6]]);
    expect(await told(other)).toEqual([['members.changed', ['ed'], ['bob'], 4]]);
  });

  it('refuses who would make it larger than it may be', async () => {
    const roomId = await large();
    await log.stored(joining(roomId, 'ed'));
    const full = { outcome: 'refused', code: 'FORBIDDEN', message: 'the room is full' };
    expect(await log.one(adding(roomId, 'flo', 'gil'))).toEqual(full);
    expect(await log.stored(adding(roomId, 'flo', 'bob'))).toMatchObject({ added: ['flo'] });
    expect(await log.one(joining(roomId, 'gil'))).toEqual(full);
    expect(await log.stored(joining(roomId, 'ed'))).toMatchObject({ events: [] });
    expect(await log.stored(adding(roomId, 'bob'))).toMatchObject({ added: [] });
    const memberIds = ['b', 'c', 'd', 'e', 'f', 'g'];
    expect(await log.one(log.creation({ memberIds }))).toEqual(full);
    expect(await log.one(log.creation({ memberIds: memberIds.slice(1) }))).toMatchObject({
      outcome: 'stored',
    });
  });
});

describe('a very large room', () => {
  it('names at most 256 users in one event', async () => {
    const wide = new AppendDriver(test.database, { largeMembers: 1, maxMembers: 1000 });
    const roomId = await wide.stored(wide.creation({ roomId: 'wide' })).then((stored) => stored.roomId);
    const userIds = Array.from({ length: 100 }, (_, index) => `user-${index}`);
    const outcomes = await wide.append(
      ...[1, 2, 3].map((batch) => adding(roomId, ...userIds.map((id) => `${batch}-${id}`))),
    );
    expect(outcomes.map(seqsOf)).toEqual([[3], [3], [3, 4]]);
    const [, , first, second] = await wide.events(roomId);
    expect(first).toMatchObject({ memberCount: 258, joined: { length: 256 } });
    expect(second).toMatchObject({ memberCount: 302, joined: { length: 44 } });
  });
});
