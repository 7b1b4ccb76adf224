import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../../storage/testing.js';
import { store as retentionStore } from '../../retention/retention.store.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../append-driver.js';
import { store as newsStore } from './news.store.js';

describe('news of the logs', () => {
  let test: TestDatabase;
  let log: AppendDriver;
  let news: Store<typeof newsStore>;

  beforeEach(async () => {
    test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
    log = new AppendDriver(test.database);
    news = test.database.open(newsStore);
  });

  afterEach(async () => test.close());

  const since = async (mark: number | null) => news.since({ mark, nowMs: DRIVEN_AT_MS });

  const leave = async (roomId: string) => log.stored({ change: 'leave', roomId, actorId: 'bob' });

  it('are not whole at the first look, which nobody knows the beginning of', async () => {
    await log.group();
    expect(await since(null)).toMatchObject({ isWhole: false, heads: null, members: [] });
  });

  it('name each membership that began or ended, alone or with others', async () => {
    const { mark } = await since(null);
    const group = await log.group();
    await leave(group);
    const { isWhole, members } = await since(mark);
    expect([isWhole, members.toSorted()]).toEqual([
      true,
      [
        ['ann', group],
        ['bob', group],
      ],
    ]);
  });

  it('name those that a large room has told of together', async () => {
    const large = new AppendDriver(test.database, { maxMembers: 100, largeMembers: 0 });
    const roomId = await large.channel();
    const { mark } = await since(null);
    await large.stored({ change: 'join', roomId, actorId: 'bob' });
    expect(await large.events(roomId)).toContainEqual(expect.objectContaining({ joined: ['bob'] }));
    expect((await since(mark)).members).toContainEqual(['bob', roomId]);
  });

  it('tell who is a member now, of those asked about and of all rooms of a user', async () => {
    const [group, other] = [await log.group(), await log.group()];
    await leave(group);
    const asked = [group, other].map((roomId) => ['bob', roomId] as const);
    const standing = [{ userId: 'bob', roomId: other, joinedSeq: 2 }];
    expect(await news.standing(asked)).toEqual(standing);
    expect(await news.standingOf(['bob', 'cy'])).toEqual(standing);
  });

  it('give the floors of rooms whose oldest events were dropped by another node', async () => {
    const [group] = [await log.group(), await log.group()];
    const retention = test.database.open(retentionStore);
    const drop = async (budget: number) =>
      retention.drop({ roomIds: [group], beforeMs: DRIVEN_AT_MS + 1, nowMs: DRIVEN_AT_MS, budget });
    const { mark, floors: unknown } = await since(null);
    await drop(1);
    const first = await since(mark);
    await drop(1);
    const second = await since(first.mark);
    const isOneProcess = test.database.dialect === 'sqlite';
    expect([unknown, first.floors, second.floors]).toEqual(
      isOneProcess ? [[], [], []] : [null, [[group, 2]], [[group, 3]]],
    );
  });

  it('give the heads of rooms that have grown, or leave that to a look at each', async () => {
    const [group, quiet] = [await log.group(), await log.group()];
    const { mark } = await since(null);
    await log.stored(log.sending(group));
    const { heads } = await since(mark);
    if (test.database.dialect === 'sqlite') expect(heads).toBeNull();
    else expect(heads).toEqual([[group, 3]]);
    expect(heads ?? []).not.toContainEqual([quiet, 2]);
  });
});
