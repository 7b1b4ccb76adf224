import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { store as accountsStore } from '../accounts/accounts.store.js';
import { AUTH_MIGRATIONS } from '../auth.migrations.js';
import { type SessionRef, store as sessionsStore } from '../sessions/sessions.store.js';
import { store as endingsStore } from './endings.store.js';

const NONE = { sessions: [], suspended: [] };

/** Everything counts, however short ago. */
const AT_ONCE = { settleMs: 0 };
const HOUR_MS = 3_600_000;

describe('the endings that a store knows', () => {
  let test: TestDatabase;
  let accounts: Store<typeof accountsStore>;
  let sessions: Store<typeof sessionsStore>;
  let endings: Store<typeof endingsStore>;
  let people = 0;
  let fromMs: number;
  let ann: SessionRef;
  let bob: SessionRef;

  beforeAll(async () => {
    test = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
    accounts = test.database.open(accountsStore);
    sessions = test.database.open(sessionsStore);
    endings = test.database.open(endingsStore);
  });
  afterAll(async () => test.close());
  beforeEach(async () => {
    fromMs = await later();
    [ann, bob] = [await someone(), await someone()];
  });

  /** A time of the database's that is not the one of what has happened so far. */
  async function later(): Promise<number> {
    const beforeMs = await endings.now();
    let nowMs = beforeMs;
    while (nowMs === beforeMs) nowMs = await endings.now();
    return nowMs;
  }

  async function someone(): Promise<SessionRef> {
    const userId = `user-${(people += 1)}`;
    const [username, displayName] = [userId, userId];
    const account = { id: userId, username, displayName, foldedName: username, passwordHash: 'x', nowMs: 1 };
    await accounts.insert(account);
    const sessionId = `session of ${userId}`;
    const ends = { nowMs: 1, expiresAtMs: Number.MAX_SAFE_INTEGER };
    const session = { id: sessionId, userId, userAgent: '', passwordHash: 'x', refreshDigest: sessionId };
    expect(await sessions.open({ ...session, ...ends })).toBe(true);
    return { sessionId, userId };
  }

  const revoke = async (session: SessionRef): Promise<unknown> =>
    sessions.revoke({ ...session, nowMs: 1, keepUntilMs: 1 });
  const suspend = async ({ userId }: SessionRef, suspendedAtMs: number | null): Promise<unknown> =>
    accounts.setSuspension({ userId, suspendedAtMs });

  it('are none while nobody ends', async () => {
    expect(await endings.within({ fromMs, ...AT_ONCE })).toMatchObject(NONE);
    expect(await endings.among({ sessions: [ann, bob], ...AT_ONCE })).toMatchObject(NONE);
  });

  it('are of sessions that were revoked, by the database’s clock whatever the node’s said', async () => {
    await revoke(ann);
    const found = { sessions: [ann], suspended: [] };
    expect(await endings.within({ fromMs, ...AT_ONCE })).toMatchObject(found);
    expect(await endings.among({ sessions: [ann, bob], ...AT_ONCE })).toMatchObject(found);
    expect(await endings.within({ fromMs: await later(), ...AT_ONCE })).toMatchObject(NONE);
  });

  it('are of users who are suspended, and not of those who are let in again', async () => {
    await suspend(ann, 1);
    const found = { sessions: [], suspended: [ann.userId] };
    expect(await endings.within({ fromMs, ...AT_ONCE })).toMatchObject(found);
    expect(await endings.among({ sessions: [ann, bob], ...AT_ONCE })).toMatchObject(found);
    await suspend(ann, null);
    expect(await endings.within({ fromMs, ...AT_ONCE })).toMatchObject(NONE);
    expect(await endings.among({ sessions: [ann, bob], ...AT_ONCE })).toMatchObject(NONE);
  });

  it('leave what has only just happened to a later look', async () => {
    await revoke(ann);
    await suspend(bob, 1);
    expect(await endings.within({ fromMs, settleMs: HOUR_MS })).toMatchObject(NONE);
    expect(await endings.among({ sessions: [ann, bob], settleMs: HOUR_MS })).toMatchObject(NONE);
  });

  it('are of sessions that are not known any more', async () => {
    const purged = { sessionId: 'long gone', userId: ann.userId };
    expect(await endings.among({ sessions: [purged, bob], settleMs: HOUR_MS })).toMatchObject({
      sessions: [purged],
      suspended: [],
    });
  });
});
