import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  type Json,
  startProcess,
  startServer,
  type TestClient,
  type TestProcess,
  type TestServer,
  type TestTarget,
} from 'parley/testing';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';

const GRACE_MS = 1_000;
/** More than any promise of presence. */
const LONGEST_MS = 20_000;

const idOf = (client: TestClient): string => String((client.ready['user'] as Json)['id']);

describeWith(POSTGRES)('with PostgreSQL', () => {
  describeWith(REDIS)('presence on many nodes', () => {
    let postgres: PostgresServer;
    let redisServer: RedisServer;
    let redis: Redis;
    let env: Record<string, string>;
    let cwd: string;
    let one: TestServer;
    let other: TestServer;
    let names = 0;

    beforeAll(async () => {
      [postgres, redisServer] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
      redis = new Redis(redisServer.url, { retryStrategy: () => 50 });
      redis.on('error', () => undefined);
      cwd = await mkdtemp(join(tmpdir(), 'parley-presence-'));
      env = {
        DATABASE_URL: await postgres.createDatabase(),
        REDIS_URL: redisServer.url,
        SHARED_FILES: 'yes',
        PRESENCE_GRACE_MS: String(GRACE_MS),
        DRAIN_MS: '1000',
      };
      one = await startServer({ env });
      other = await startServer({ env });
    }, 60_000);

    afterAll(async () => {
      await Promise.allSettled([one.close(), other.close()]);
      redis.disconnect();
      await Promise.all([redisServer.stop(), postgres.stop()]);
      await rm(cwd, { recursive: true, force: true });
    });

    const nameOf = (name: string): string => `${name}-${names}`;

    /** A watcher on the first node, in a room with others on the nodes that are named. */
    async function watching<Name extends string>(
      on: Record<Name, TestTarget>,
    ): Promise<Record<Name | 'ann', TestClient>> {
      names += 1;
      const ann = await one.connect(nameOf('ann'));
      const clients: Record<string, TestClient> = { ann };
      for (const [name, node] of Object.entries<TestTarget>(on)) {
        clients[name] = await node.connect(nameOf(name));
      }
      const memberIds = Object.values(clients).map(idOf).slice(1);
      const { room } = await ann.request('room.create', { kind: 'group', name: 'us', memberIds });
      const roomId = String((room as Json)['id']);
      await ann.next('room.event', ({ seq }) => seq === memberIds.length + 1);
      const { presences } = await ann.request('presence.watch', { roomId });
      const seen = (presences as Json[]).map(({ userId, status }) => [userId, status]);
      expect(new Map(seen as [string, string][])).toEqual(
        new Map(Object.values(clients).map((client) => [idOf(client), 'online'])),
      );
      return clients as Record<Name | 'ann', TestClient>;
    }

    const next = async (watcher: TestClient, of: TestClient): Promise<Json> =>
      await watcher.next('presence.changed', ({ userId }) => userId === idOf(of), LONGEST_MS);

    const leaseCount = async (): Promise<number> => (await redis.hlen('parley:presence:leases')) - 1;

    /** Resolves when both nodes hold leases that are not among `before`. */
    async function untilTakenAnew(before: readonly string[]): Promise<void> {
      for (;;) {
        const now = (await redis.hkeys('parley:presence:leases').catch(() => [])).filter(
          (key) => key !== 'era',
        );
        if (now.length === 2 && !now.some((lease) => before.includes(lease))) return;
        await delay(50);
      }
    }

    /** What the other node's user does is seen, and nobody else was called anything meanwhile. */
    async function isRightAgain({ ann, bob, cat }: Record<'ann' | 'bob' | 'cat', TestClient>): Promise<void> {
      await cat.close();
      expect(await next(ann, cat)).toMatchObject({ status: 'offline' });
      await bob.request('presence.set', { status: 'dnd' });
      expect(await next(ann, bob)).toMatchObject({ status: 'dnd' });
      await ann.expectSilence('presence.changed');
    }

    it('follows what happens on another node, in its time', async () => {
      const clients = await watching({ bob: other });
      const { ann, bob } = clients;
      await bob.request('presence.set', { status: 'dnd', text: 'busy' });
      expect(await next(ann, bob)).toMatchObject({ status: 'dnd', text: 'busy', lastSeenAt: null });
      await bob.request('presence.set', { status: 'invisible' });
      expect(await next(ann, bob)).toMatchObject({ status: 'offline', text: null });
      await bob.request('presence.set', { status: 'online' });
      expect(await next(ann, bob)).toMatchObject({ status: 'online', text: null });
      const closedAtMs = Date.now();
      await bob.close();
      const gone = await next(ann, bob);
      expect(gone).toMatchObject({ status: 'offline' });
      expect(Date.parse(String(gone['lastSeenAt']))).toBeGreaterThanOrEqual(closedAtMs);
    });

    it('makes no noise over a change of the node, and keeps what was chosen', async () => {
      const { ann, bob, cat } = await watching({ bob: other, cat: other });
      await bob.request('presence.set', { status: 'dnd' });
      await next(ann, bob);
      await bob.terminate();
      const again = await one.connect(nameOf('bob'));
      await cat.terminate();
      expect(await next(ann, cat)).toMatchObject({ status: 'offline' });
      await ann.expectSilence('presence.changed');
      const { presences } = await again.request('presence.get', { userIds: [idOf(again)] });
      expect(presences).toMatchObject([{ status: 'dnd' }]);
    });

    it('shows nobody to whom they blocked, or left behind, on another node', async () => {
      const { ann, bob, cat } = await watching({ bob: other, cat: other });
      const annId = idOf(ann);
      const { rooms } = (await bob.request('room.list')) as { rooms: Json[] };
      await bob.request('user.block', { userId: annId });
      expect(await next(ann, bob)).toMatchObject({ status: 'offline', lastSeenAt: null });
      await bob.request('user.unblock', { userId: annId });
      expect(await next(ann, bob)).toMatchObject({ status: 'online' });
      await cat.request('room.leave', { roomId: rooms[0]?.['id'] });
      expect(await next(ann, cat)).toMatchObject({ status: 'offline', lastSeenAt: null });
    });

    it('lets the users of a killed node go, and those alone', async () => {
      const dying = await startProcess({ cwd, env: { ...env, DATA_DIR: join(cwd, 'data') } });
      const { ann, bob, cat, dan } = await watching({ bob: dying, cat: other, dan: dying });
      const back = await other.connect(nameOf('dan'));
      await dying.kill('SIGKILL');
      expect(await next(ann, bob)).toMatchObject({ status: 'offline' });
      await ann.expectSilence('presence.changed');
      const userIds = [cat, dan, back].map((client) => idOf(client));
      const { presences } = await ann.request('presence.get', { userIds });
      expect(presences).toMatchObject([{ status: 'online' }, { status: 'online' }]);
    });

    it('waits for the users of a drained node that is gone, as long as they were told to', async () => {
      const drained: TestProcess = await startProcess({ cwd, env: { ...env, DATA_DIR: join(cwd, 'data') } });
      const { ann, bob, cat } = await watching({ bob: drained, cat: drained });
      const exited = drained.kill('SIGTERM');
      const { reason } = await bob.closed;
      const closedAtMs = performance.now();
      const retryMs = Number(reason.split('=')[1]);
      await cat.closed;
      await other.connect(nameOf('cat'));
      await exited;
      expect(await next(ann, bob)).toMatchObject({ status: 'offline' });
      expect(performance.now() - closedAtMs).toBeGreaterThan(retryMs + GRACE_MS - 100);
      await ann.expectSilence('presence.changed');
    });

    it('calls nobody offline after Redis was emptied', async () => {
      const clients = await watching({ bob: other, cat: other });
      const before = await redis.hkeys('parley:presence:leases');
      await redis.flushall();
      await untilTakenAnew(before);
      await isRightAgain(clients);
      expect(await leaseCount()).toBe(2);
    });

    it('stands still while Redis is down, but for what users say, and calls nobody offline afterwards', async () => {
      const clients = await watching({ bob: other, cat: other });
      const { ann, bob, cat } = clients;
      const before = await redis.hkeys('parley:presence:leases');
      await redisServer.process.stop('SIGKILL');
      await bob.request('presence.set', { status: 'away', text: 'without' });
      expect(await next(ann, bob)).toMatchObject({ status: 'away', text: 'without' });
      const userIds = [bob, cat].map((client) => idOf(client));
      const { presences } = (await ann.request('presence.get', { userIds })) as { presences: Json[] };
      expect(presences.map(({ status }) => status)).toEqual(['away', 'online']);
      await redisServer.process.start();
      await untilTakenAnew(before);
      await isRightAgain(clients);
    });

    it('calls nobody offline after Redis hung for longer than a lease', async () => {
      const clients = await watching({ bob: other, cat: other });
      const before = await redis.hkeys('parley:presence:leases');
      redisServer.process.pause();
      // By its own clock all leases have run out then.
      await delay(11_000);
      redisServer.process.resume();
      await untilTakenAnew(before);
      await isRightAgain(clients);
      expect(await leaseCount()).toBe(2);
    });
  });
});
