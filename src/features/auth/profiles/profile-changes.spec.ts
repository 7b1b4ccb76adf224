import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { store as accountsStore } from '../accounts/accounts.store.js';
import { AUTH_MIGRATIONS } from '../auth.migrations.js';
import { store as profilesStore } from './profiles.store.js';

const OVERLAP_MS = 60_000;

describe('the changed profiles that a store knows', () => {
  let test: TestDatabase;
  let profiles: Store<typeof profilesStore>;

  beforeAll(async () => {
    test = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
    profiles = test.database.open(profilesStore);
    const accounts = test.database.open(accountsStore);
    for (const id of ['ann', 'bob']) {
      const names = { username: id, displayName: id, foldedName: id };
      await accounts.insert({ id, ...names, passwordHash: 'x', nowMs: 1 });
    }
  });
  afterAll(async () => test.close());

  const rename = async (userId: string, displayName: string) =>
    profiles.rename({ userId, displayName, foldedName: displayName, nowMs: 1 });

  async function changedSince(sinceMs: number | null, overlapMs: number): Promise<readonly string[]> {
    const { changes } = await profiles.changed({ sinceMs, overlapMs });
    return changes.map(({ userId }) => userId);
  }

  it('are none of those who are as they were', async () => {
    await rename('bob', 'bob');
    expect(await changedSince(null, OVERLAP_MS)).toEqual([]);
  });

  it('have changed by the database’s clock, whatever the node’s said', async () => {
    const { nowMs } = await profiles.changed({ sinceMs: null, overlapMs: 0 });
    await rename('ann', 'Ann');
    const { changes } = await profiles.changed({ sinceMs: nowMs, overlapMs: 0 });
    expect(changes).toEqual([{ userId: 'ann', changedAtMs: expect.any(Number) }]);
    expect(changes[0]?.changedAtMs).toBeGreaterThanOrEqual(nowMs);
    expect(await changedSince(nowMs + OVERLAP_MS, 0)).toEqual([]);
    expect(await changedSince(nowMs + OVERLAP_MS, OVERLAP_MS)).toEqual(['ann']);
  });

  it('have another time with each change', async () => {
    const [first] = (await profiles.changed({ sinceMs: null, overlapMs: OVERLAP_MS })).changes;
    let again = first;
    for (let turn = 0; again?.changedAtMs === first?.changedAtMs; turn += 1) {
      await rename('ann', `Ann ${turn}`);
      [again] = (await profiles.changed({ sinceMs: null, overlapMs: OVERLAP_MS })).changes;
    }
    expect(again?.changedAtMs).toBeGreaterThan(Number(first?.changedAtMs));
  });
});
