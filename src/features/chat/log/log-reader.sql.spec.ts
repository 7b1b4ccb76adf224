import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../realtime/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from './append-driver.js';
import { SqlLogReader } from './log-reader.sql.js';
import { ReadPositions } from './read-positions.js';

let test: TestDatabase;
let log: AppendDriver;
let positions: ReadPositions;
let reader: SqlLogReader;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  positions = new ReadPositions(log.logs, new SystemClock());
  reader = new SqlLogReader(log.logs, { maxAnswerBytes: 4000 }, positions, test.database);
});

afterAll(async () => test.close());

async function roomWith(messages: number, text = 'hello'): Promise<string> {
  const roomId = await log.group();
  await log.append(...Array.from({ length: messages }, () => log.sending(roomId, { text })));
  return roomId;
}

describe('the log reader', () => {
  it('gives the events after one place and up to another', async () => {
    const roomId = await roomWith(6);
    const seqs = async (after: number, until: number, limit?: number) =>
      (await reader.events(roomId, after, until, limit)).map(({ seq }) => seq);
    expect(await seqs(0, 4)).toEqual([1, 2, 3, 4]);
    expect(await seqs(2, 99, 3)).toEqual([3, 4, 5]);
    expect(await seqs(8, 99)).toEqual([]);
    expect(await reader.events('nowhere', 0, 99)).toEqual([]);
  });

  it('ends an answer at its bytes, with one event at least', async () => {
    const roomId = await roomWith(5, 'x'.repeat(1000));
    expect(await reader.events(roomId, 2, 99)).toHaveLength(2);
    const large = await roomWith(2, 'x'.repeat(8000));
    expect(await reader.events(large, 2, 99)).toHaveLength(1);
  });

  it('reads on beyond one step', async () => {
    const roomId = await roomWith(250, 'x');
    const wide = new SqlLogReader(log.logs, { maxAnswerBytes: 1e6 }, positions, test.database);
    expect((await wide.events(roomId, 0, 1e9)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 252 }, (_, index) => index + 1),
    );
  });

  it('gives the heads of rooms that exist', async () => {
    const [one, other] = [await roomWith(1), await roomWith(3)];
    expect(await reader.heads([one, 'nowhere', other])).toEqual(
      new Map([
        [one, 3],
        [other, 5],
      ]),
    );
    expect(await reader.heads([])).toEqual(new Map());
  });

  it('gives what a connection stands on', async () => {
    const { roomId } = await log.stored(log.creation({ actorId: 'mel', memberIds: [] }));
    expect(await reader.memberships('mel')).toEqual({ epoch: reader.epoch, rooms: [{ roomId, head: 1 }] });
    expect(await reader.memberships('nobody')).toEqual({ epoch: reader.epoch, rooms: [] });
  });

  it('shows a room as it was at an earlier head', async () => {
    const roomId = await roomWith(1);
    const joined = await log.stored({ change: 'add', roomId, actorId: 'ann', userIds: ['cy'] });
    await log.append(log.sending(roomId, { namedIds: ['cy'] }), log.sending(roomId, { actorId: 'cy' }));
    expect(await reader.roomView(roomId, 'cy')).toMatchObject({ head: 6, readSeq: 6, unread: 0 });
    expect(joined.events[0]?.seq).toBe(4);
    expect(await reader.roomView(roomId, 'cy', 4)).toMatchObject({
      head: 4,
      readSeq: 4,
      unread: 0,
      mentions: 0,
      lastMessage: { seq: 3 },
    });
    expect(await reader.roomView(roomId, 'bob', 5)).toMatchObject({
      readSeq: 2,
      unread: 2,
      lastMessage: { seq: 5 },
    });
  });

  it('knows positions that are not written yet', async () => {
    const roomId = await roomWith(3);
    positions.advance({ userId: 'bob', roomId, seq: 4 });
    expect(await reader.roomView(roomId, 'bob')).toMatchObject({ readSeq: 4, unread: 1 });
    await positions.flush();
    expect(await reader.roomView(roomId, 'bob')).toMatchObject({ readSeq: 4, unread: 1 });
  });

  it('shows a room to its members only', async () => {
    const roomId = await roomWith(0);
    expect(await reader.roomView(roomId, 'eve')).toBeUndefined();
    expect(await reader.roomView('nowhere', 'ann')).toBeUndefined();
  });
});
