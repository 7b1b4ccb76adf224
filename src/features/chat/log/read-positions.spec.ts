import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../realtime/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from './append-driver.js';
import { ReadPositions } from './read-positions.js';

let test: TestDatabase;
let log: AppendDriver;
let positions: ReadPositions;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  positions = new ReadPositions(log.logs, new SystemClock());
});

afterAll(async () => test.close());

/** A room in which bob has three messages to read: its head is 5. */
async function unreadRoom(): Promise<string> {
  const roomId = await log.group();
  await log.append(log.sending(roomId), log.sending(roomId), log.sending(roomId));
  return roomId;
}

describe('read positions', () => {
  it('are ahead of the store until they are written', async () => {
    const roomId = await unreadRoom();
    positions.advance({ userId: 'bob', roomId, seq: 4 });
    expect(positions.of('bob')).toEqual({ [roomId]: 4 });
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 2, unread: 3 });
    await positions.flush();
    expect(positions.of('bob')).toEqual({});
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 4, unread: 1 });
  });

  it('never go back', async () => {
    const roomId = await unreadRoom();
    positions.advance({ userId: 'bob', roomId, seq: 4 });
    positions.advance({ userId: 'bob', roomId, seq: 3 });
    expect(positions.of('bob')).toEqual({ [roomId]: 4 });
    await positions.flush();
    positions.advance({ userId: 'bob', roomId, seq: 3 });
    await positions.flush();
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 4 });
  });

  it('keep what moved on while they were written', async () => {
    const roomId = await unreadRoom();
    positions.advance({ userId: 'bob', roomId, seq: 3 });
    const flushed = positions.flush();
    await Promise.resolve();
    await Promise.resolve();
    positions.advance({ userId: 'bob', roomId, seq: 5 });
    await flushed;
    await positions.flush();
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 5, unread: 0 });
  });

  it('forget a member who has left', async () => {
    const roomId = await unreadRoom();
    await log.stored({ change: 'leave', roomId, actorId: 'bob' });
    positions.advance({ userId: 'bob', roomId, seq: 4 });
    await positions.flush();
    expect(positions.of('bob')).toEqual({});
    await log.stored({ change: 'add', roomId, actorId: 'ann', userIds: ['bob'] });
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 7, unread: 0 });
  });

  it('of threads are their own', async () => {
    const roomId = await unreadRoom();
    positions.advance({ userId: 'bob', roomId, threadSeq: 3, seq: 5 });
    positions.advance({ userId: 'bob', roomId, threadSeq: 3, seq: 4 });
    positions.advance({ userId: 'bob', roomId, threadSeq: 4, seq: 4 });
    positions.advance({ userId: 'bob', roomId, seq: 3 });
    expect(positions.of('bob')).toEqual({ [roomId]: 3 });
    expect([positions.inThread('bob', roomId, 3), positions.inThread('bob', roomId, 4)]).toEqual([5, 4]);
    expect([positions.isAheadIn(roomId), positions.isAheadIn('elsewhere')]).toEqual([true, false]);
    await positions.flush();
    expect([positions.inThread('bob', roomId, 3), positions.isAheadIn(roomId)]).toEqual([0, false]);
    expect(await log.view(roomId, 'bob')).toMatchObject({ readSeq: 3, unread: 2 });
  });

  it('are kept while the database cannot write', async () => {
    const broken = await openTestDatabase({ migrations: LOG_MIGRATIONS });
    const waiting = new ReadPositions(new AppendDriver(broken.database).logs, new SystemClock());
    waiting.advance({ userId: 'bob', roomId: 'room', seq: 4 });
    await broken.close();
    await waiting.flush();
    expect(waiting.of('bob')).toEqual({ room: 4 });
  });
});
