import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Kysely, sql } from 'kysely';
import { store as accountsStore } from '../../src/features/auth/accounts/accounts.store.js';
import { store as blocksStore } from '../../src/features/auth/blocks/blocks.store.js';
import { store as keysStore } from '../../src/features/auth/keys/signing-keys.store.js';
import { store as profilesStore } from '../../src/features/auth/profiles/profiles.store.js';
import { store as sessionsStore } from '../../src/features/auth/sessions/sessions.store.js';
import { store as refreshStore } from '../../src/features/auth/tokens/refresh-tokens.store.js';
import { store as attachmentsStore } from '../../src/features/chat/attachments/attachments.store.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import { notesMigrations, type NoteTables } from '../../src/storage/contract/notes.store.js';
import { defineStore } from '../../src/storage/store.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.postgres.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

const RACERS = 12;
const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const GRACE_MS = 60_000;

let attempts = 0;

/** What it does depends on how often it has been run: that stands for racers who come at the worst moments. */
const unluckyStore = defineStore({
  name: 'test/unlucky',
  url: import.meta.url,
  reads: {},
  writes: {
    insertAfter: async (db: Kysely<NoteTables>, times: number): Promise<number> => {
      const notes = [{ id: 1, body: null }, ...(attempts < times ? [{ id: 1, body: null }] : [])];
      attempts += 1;
      await db.insertInto('notes').values(notes).execute();
      return attempts - 1;
    },
    takeLong: async (db: Kysely<NoteTables>): Promise<void> => {
      await sql`select pg_sleep(2.6)`.execute(db);
    },
  },
  onPostgres: { takeLong: 'at length' },
});

describeWith(POSTGRES)('stores that several nodes write to at once', () => {
  let server: PostgresServer;
  let nodes: readonly [PostgresDatabase, PostgresDatabase, PostgresDatabase];

  beforeAll(async () => {
    server = await PostgresServer.start();
    const url = await server.createDatabase();
    const started = async (): Promise<PostgresDatabase> => {
      const database = new PostgresDatabase({ url, durability: 'process' });
      database.addMigrations([...LOG_MIGRATIONS, ...notesMigrations]);
      await database.start();
      return database;
    };
    nodes = [await started(), await started(), await started()];
  }, 60_000);
  afterAll(async () => {
    await Promise.all(nodes.map(async (node) => node.stop()));
    await server.stop();
  });

  /** Runs it on all nodes at once; fails if any of them fails. */
  async function race<Result>(
    work: (node: PostgresDatabase, racer: number) => Promise<Result>,
    racers = RACERS,
  ): Promise<Result[]> {
    return await Promise.all(
      Array.from({ length: racers }, async (_, racer) =>
        work(nodes[racer % nodes.length] ?? nodes[0], racer),
      ),
    );
  }

  async function newUser(name = `u${randomUUID().slice(0, 12)}`): Promise<string> {
    const id = randomUUID();
    const names = { username: name, displayName: name, foldedName: name };
    await nodes[0].open(accountsStore).insert({ id, ...names, passwordHash: 'hash', nowMs: NOW_MS });
    return id;
  }

  /** The session and the digest of its first token. */
  async function newSession(userId: string): Promise<{ id: string; digest: string }> {
    const [id, digest] = [randomUUID(), randomUUID()];
    await nodes[0].open(sessionsStore).open(sessionOf(userId, id, digest));
    return { id, digest };
  }

  function sessionOf(userId: string, id: string, refreshDigest: string) {
    const times = { nowMs: NOW_MS, expiresAtMs: NOW_MS + HOUR_MS };
    return { id, userId, userAgent: 'test', passwordHash: 'hash', refreshDigest, ...times };
  }

  function refreshOf(digest: string, nowMs: number) {
    const next = { nextDigest: randomUUID(), nextExpiresAtMs: nowMs + HOUR_MS };
    return { digest, ...next, nowMs, graceMs: GRACE_MS };
  }

  it('give a username to one', async () => {
    const username = 'wanted';
    const names = { username, displayName: username, foldedName: username };
    const wins = await race(async (node) =>
      node.open(accountsStore).insert({ id: randomUUID(), ...names, passwordHash: 'hash', nowMs: NOW_MS }),
    );
    expect(wins.filter(Boolean)).toHaveLength(1);
  });

  it('let everybody in who logs in at once', async () => {
    const users = await Promise.all(Array.from({ length: 60 }, async () => newUser()));
    const opened = await race(
      async (node, racer) =>
        node.open(sessionsStore).open(sessionOf(users[racer] ?? '', randomUUID(), randomUUID())),
      users.length,
    );
    expect(opened.every(Boolean)).toBe(true);
  });

  it('forgive a token within its grace, each time with another generation, and revoke its session after it', async () => {
    const { digest } = await newSession(await newUser());
    const refreshed = await race(async (node) => node.open(refreshStore).refresh(refreshOf(digest, NOW_MS)));
    const generations = refreshed.map((outcome) => (outcome.kind === 'refreshed' ? outcome.generation : 0));
    expect(generations.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: RACERS }, (_, index) => index + 2),
    );
    const late = await race(async (node) =>
      node.open(refreshStore).refresh(refreshOf(digest, NOW_MS + GRACE_MS)),
    );
    expect(late.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array.from({ length: RACERS - 1 }, () => 'refused'),
      'reused',
    ]);
  });

  it('change a password once, and open no session on the old one', async () => {
    const userId = await newUser();
    const { id: sessionId } = await newSession(userId);
    const change = { userId, sessionId, oldHash: 'hash', nowMs: NOW_MS };
    const outcomes = await race(async (node, racer) =>
      racer < RACERS / 2
        ? node.open(accountsStore).changePassword({ ...change, newHash: `hash ${racer}` })
        : node.open(sessionsStore).open(sessionOf(userId, randomUUID(), randomUUID())),
    );
    expect(outcomes.filter(Array.isArray)).toHaveLength(1);
    const living = await nodes[1].open(sessionsStore).living({ userId, nowMs: NOW_MS });
    expect(living.map(({ id }) => id)).toEqual([sessionId]);
  });

  it('agree on one signing key for a position', async () => {
    const given = await race(async (node, racer) =>
      node
        .open(keysStore)
        .offer({ position: 1, kid: `key ${racer}`, privateJwk: `key ${racer}`, createdAtMs: NOW_MS }),
    );
    expect(new Set(given.map((keys) => JSON.stringify(keys))).size).toBe(1);
    expect(given[0]).toHaveLength(1);
  });

  it('tell renamings of one user apart, and keep blocks', async () => {
    const [userId, otherId] = [await newUser(), await newUser()];
    const renamed = await race(async (node, racer) => {
      const displayName = `name ${racer}`;
      await node.open(blocksStore).block({ blockerId: userId, blockedId: otherId, nowMs: NOW_MS });
      return node.open(profilesStore).rename({ userId, displayName, foldedName: displayName, nowMs: NOW_MS });
    });
    expect(new Set(renamed.map((state) => JSON.stringify(state?.user))).size).toBe(RACERS);
    const blocks = await nodes[2].open(blocksStore).against([otherId]);
    expect(blocks).toEqual([{ blockerId: userId, blockedId: otherId }]);
  });

  it('keep uploads within the day, and the secret the same', async () => {
    const driver = new AppendDriver(nodes[0]);
    const roomId = await driver.group();
    const userId = 'ann';
    const kept = await race(async (node) => {
      const store = node.open(attachmentsStore);
      const id = randomUUID();
      if ((await store.begin({ id, roomId, userId, nowMs: NOW_MS })) !== 'begun') return 'not begun';
      const file = { id, userId, name: 'a', mimeType: 'text/plain', bytes: 10, nowMs: NOW_MS };
      return store.finish({ ...file, maxBytesPerDay: 50 });
    });
    expect(kept.toSorted()).toEqual([
      ...Array.from({ length: RACERS - 5 }, () => 'beyond the day'),
      ...Array.from({ length: 5 }, () => 'kept'),
    ]);
    const secrets = await race(async (node, racer) => node.open(attachmentsStore).secret(`secret ${racer}`));
    expect(new Set(secrets).size).toBe(1);
  });

  it('try again as often as others are before them, and give a mistake up', async () => {
    const store = nodes[0].open(unluckyStore);
    await expect(store.insertAfter(3)).resolves.toBe(3);
    await expect(store.insertAfter(Infinity)).rejects.toMatchObject({ code: '23505' });
  });

  it('take their time where they say so', async () => {
    await expect(nodes[0].open(unluckyStore).takeLong()).resolves.toBeUndefined();
  });
});
