import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { ManualClock } from '../../../testing/index.js';
import { AUTH_MIGRATIONS } from '../auth.migrations.js';
import { TEST_AUTH_SETTINGS } from '../testing.js';
import { describeKeyStore } from './key-store.contract.js';
import { DatabaseKeyStore } from './key-store.database.js';
import { store } from './signing-keys.store.js';

const HOUR_MS = 3_600_000;
const DAYS_90_MS = 90 * 24 * HOUR_MS;

function nodeOn({ database }: TestDatabase, clock: ManualClock): DatabaseKeyStore {
  return new DatabaseKeyStore(database.open(store), clock, TEST_AUTH_SETTINGS);
}

describeKeyStore('DatabaseKeyStore', async () => {
  const home = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
  return { open: () => nodeOn(home, new ManualClock()), remove: home.close };
});

describe('DatabaseKeyStore, as its keys age', () => {
  let clock: ManualClock;
  let home: TestDatabase;
  let node: DatabaseKeyStore;
  let first: string;

  const kids = async (): Promise<string[]> => (await node.load()).map(({ kid }) => kid);

  beforeEach(async () => {
    clock = new ManualClock();
    home = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
    node = nodeOn(home, clock);
    [first = ''] = await kids();
  });
  afterEach(async () => home.close());

  it('keeps to one key for 90 days', async () => {
    await clock.advance(DAYS_90_MS - 1);
    expect(await kids()).toEqual([first]);
  });

  it('publishes a successor for an hour before it signs', async () => {
    await clock.advance(DAYS_90_MS);
    const [signer, successor, ...rest] = await kids();
    expect([signer, rest]).toEqual([first, []]);
    await clock.advance(HOUR_MS - 1);
    expect(await kids()).toEqual([first, successor]);
    await clock.advance(1);
    expect(await kids()).toEqual([successor, first]);
  });

  it('keeps the old key until all that it signed has ended', async () => {
    await clock.advance(DAYS_90_MS);
    const [, successor] = await kids();
    await clock.advance(2 * HOUR_MS + TEST_AUTH_SETTINGS.accessTokenTtlS * 1_000 - 1);
    expect(await kids()).toEqual([successor, first]);
    await clock.advance(1);
    await node.load();
    expect(await kids()).toEqual([successor]);
  });

  it('makes one successor, however many nodes find the key old at once', async () => {
    await clock.advance(DAYS_90_MS);
    const nodes = Array.from({ length: 5 }, () => nodeOn(home, clock));
    const sets = await Promise.all(nodes.map(async (other) => other.load()));
    for (const keys of sets) expect(keys).toEqual(sets[0]);
    expect(sets[0]).toHaveLength(2);
  });

  it('goes on with the old key when the clock is set back', async () => {
    await clock.advance(DAYS_90_MS);
    const [, successor] = await kids();
    clock.jump(-DAYS_90_MS);
    expect(await kids()).toEqual([first, successor]);
  });
});
