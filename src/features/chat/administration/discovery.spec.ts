import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RawBuilder, sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from '../log/append-driver.js';
import { store as discoveryStore } from './discovery.store.js';

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

/** Runs a statement beside the rules, as only the past can have left it. */
async function run(statement: RawBuilder<unknown>): Promise<void> {
  const roomId = await log.group();
  await log.stored({
    change: 'module',
    roomId,
    actorId: null,
    type: 'test.ran',
    body: '{}',
    require: 'member',
    assert: [],
    project: [statement.compile(test.database.builder())],
  });
}

describe('channels that are older than the names they are found by', () => {
  it('are found once their names are folded', async () => {
    const { roomId } = await log.stored(log.creation({ kind: 'channel', name: 'Old Élan', memberIds: [] }));
    await run(sql`update channel_names set folded_name = null where room_id = ${roomId}`);
    await run(sql`delete from channel_words where room_id = ${roomId}`);
    const discovery = test.database.open(discoveryStore);
    const search = { userId: 'zoe', place: null, limit: 10, maxBytes: 10_000, ahead: {} };
    await expect(discovery.discover(search)).resolves.toEqual({ rooms: [], next: null });

    await expect(discovery.foldNames()).resolves.toBe(false);
    for (const query of ['old', 'ÉLAN', 'él old']) {
      const { rooms } = await discovery.discover({ ...search, query });
      expect(rooms).toEqual([expect.objectContaining({ id: roomId })]);
    }
    await expect(discovery.foldNames()).resolves.toBe(false);
  });
});
