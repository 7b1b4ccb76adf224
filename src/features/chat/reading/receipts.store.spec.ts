import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from '../log/append-driver.js';
import { type ReaderPlace, store as receiptsStore } from './receipts.store.js';

let test: TestDatabase;
let log: AppendDriver;
let receipts: Store<typeof receiptsStore>;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
  receipts = test.database.open(receiptsStore);
});

afterAll(async () => test.close());

it('gives the readers in parts, each once', async () => {
  const memberIds = Array.from({ length: 11 }, (_, index) => `member-${index}`);
  const { roomId } = await log.stored(log.creation({ memberIds }));
  const { message } = await log.stored(log.sending(roomId));
  const seq = message?.seq ?? 0;
  const readers = memberIds.slice(1);
  await log.logs.advance(readers.map((userId) => ({ roomId, userId, seq })));
  const found: string[] = [];
  let place: ReaderPlace | null = null;
  for (const expected of [5, 5, 2]) {
    const part = await receipts.of({ roomId, userId: 'ann', seq, place, limit: 4 });
    if (part === null || part === 'no message') throw new Error('no receipts');
    expect([part.count, part.readers.length]).toEqual([10, expected]);
    found.push(...part.readers.slice(0, 4).map(({ userId }) => userId));
    place = part.readers[3] ?? null;
  }
  expect(found).toEqual(readers);
});
