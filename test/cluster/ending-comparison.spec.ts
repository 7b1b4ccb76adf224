import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from 'parley/testing';
import { AUTH_MIGRATIONS } from '../../src/features/auth/auth.migrations.js';
import { store as accountsStore } from '../../src/features/auth/accounts/accounts.store.js';
import { EndingComparison } from '../../src/features/auth/endings/ending-comparison.js';
import { store as endingsStore } from '../../src/features/auth/endings/endings.store.js';
import { store as sessionsStore } from '../../src/features/auth/sessions/sessions.store.js';
import { type Cancel, ConnectionRegistry, TopicBus } from '../../src/realtime/index.js';
import type { Store } from '../../src/storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing.js';
import { RecordedConnection } from '../stream/recorded-connection.js';

/** Before any stretch that is asked for. */
const LONG_AGO_MS = 1;

/** The connections of a node: one of each user. */
class Registry extends ConnectionRegistry {
  readonly connections = new Map<string, RecordedConnection>();

  get size(): number {
    return this.connections.size;
  }

  get(): undefined {
    return undefined;
  }

  ofUser(userId: string): ReadonlySet<RecordedConnection> {
    const connection = this.connections.get(userId);
    return new Set(connection === undefined ? [] : [connection]);
  }

  all(): Iterable<RecordedConnection> {
    return this.connections.values();
  }

  userIds(): Iterable<string> {
    return this.connections.keys();
  }
}

/** A bus that carries nothing, and tells of a gap when it is told to. */
class DeafBus extends TopicBus {
  readonly #listeners = new Set<() => void>();

  override get isShared(): boolean {
    return true;
  }

  publish(): void {}

  async subscribe(): Promise<Cancel> {
    return () => undefined;
  }

  override onGap(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  gap(): void {
    for (const listener of this.#listeners) listener();
  }
}

describe('a node that compares the sessions of its connections with the store', () => {
  let test: TestDatabase;
  let bus: DeafBus;
  let comparison: EndingComparison;
  let ann: RecordedConnection;
  let isFailing: boolean;
  let people = 0;

  beforeAll(async () => {
    test = await openTestDatabase({ migrations: AUTH_MIGRATIONS });
  });
  afterAll(async () => test.close());

  beforeEach(async () => {
    ann = await someone();
    bus = new DeafBus();
    isFailing = false;
    const registry = new Registry();
    registry.connections.set(ann.userId, ann);
    comparison = new EndingComparison(failingStore(), registry, bus, new ManualClock());
    comparison.onModuleInit();
    // The first round of all compares every session.
    await comparison.compare();
  });

  /** The store, whose stretches cannot be read while it fails. */
  function failingStore(): Store<typeof endingsStore> {
    const store = test.database.open(endingsStore);
    const within: typeof store.within = async (stretch) => {
      if (isFailing) throw new Error('the store cannot be reached');
      return await store.within(stretch);
    };
    return { ...store, within };
  }

  async function someone(): Promise<RecordedConnection> {
    const userId = `user-${(people += 1)}`;
    const names = { username: userId, displayName: userId, foldedName: userId };
    const accounts = test.database.open(accountsStore);
    await accounts.insert({ id: userId, ...names, passwordHash: 'x', nowMs: 1 });
    const connection = new RecordedConnection(`connection of ${userId}`, userId);
    connection.isAttached = true;
    const { sessionId: id } = connection.principal;
    const times = { nowMs: 1, expiresAtMs: Number.MAX_SAFE_INTEGER };
    const session = { id, userId, userAgent: '', passwordHash: 'x', refreshDigest: id };
    await test.database.open(sessionsStore).open({ ...session, ...times });
    return connection;
  }

  /** Ends the session so long ago that no stretch has it any more. */
  async function endUnseen(): Promise<void> {
    const { sessionId, userId } = ann.principal;
    const sessions = test.database.open(sessionsStore);
    await sessions.revoke({ sessionId, userId, nowMs: 1, keepUntilMs: Number.MAX_SAFE_INTEGER });
    const update = 'update sessions set ended_at = ? where id = ?';
    const sql = test.database.dialect === 'postgres' ? update.replace('?', '$1').replace('?', '$2') : update;
    await test.database.write([{ sql, parameters: [LONG_AGO_MS, sessionId] }]);
  }

  it('looks at the last stretch of time only, while nothing is amiss', async () => {
    await endUnseen();
    await comparison.compare();
    expect(ann.isAttached).toBe(true);
  });

  it('looks at every session after a gap of the bus', async () => {
    await endUnseen();
    bus.gap();
    await comparison.compare();
    expect(ann.isAttached).toBe(false);
  });

  it('looks at every session after a round that failed', async () => {
    await endUnseen();
    isFailing = true;
    await comparison.compare();
    expect(ann.isAttached).toBe(true);
    isFailing = false;
    await comparison.compare();
    expect(ann.isAttached).toBe(false);
  });
});
