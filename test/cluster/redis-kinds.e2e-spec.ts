import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Json, runProcess, startProcess, startServer, type TestServer } from 'parley/testing';
import { makeCertificate } from '../support/certificate.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisCluster } from '../support/servers/redis-cluster.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';
import { connectBy } from './node-pair.js';

describeWith(POSTGRES)('with PostgreSQL,', () => {
  let postgres: PostgresServer;
  let folder: string;

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    folder = await mkdtemp(join(tmpdir(), 'parley-redis-kinds-'));
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The settings of a node that has this Redis. */
  async function envOf(redisUrl: string): Promise<Record<string, string>> {
    const url = await postgres.createDatabase();
    return {
      DATABASE_URL: url,
      REDIS_URL: redisUrl,
      SHARED_FILES: 'yes',
      DATA_DIR: folder,
      DURABILITY: 'process',
    };
  }

  describeWith(REDIS)('a Redis that speaks TLS', () => {
    let redis: RedisServer;
    let env: Record<string, string>;

    beforeAll(async () => {
      const certificate = makeCertificate('redis');
      redis = await RedisServer.start({ tls: certificate });
      env = await envOf(redis.tlsUrl);
      await writeFile(join(folder, 'authority.pem'), certificate.cert);
    }, 60_000);
    afterAll(async () => redis.stop());

    it('serves a node that trusts it', async () => {
      const trust = { NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem') };
      const node = await startProcess({ cwd: folder, env: { ...env, ...trust } });
      const client = await node.connect('ann', { via: 'ticket' });
      expect(client.ready).toMatchObject({ user: { username: 'ann' } });
      expect(await node.kill()).toEqual({ code: 0, signal: null });
    });

    it('stops the start of one that does not, with one line', async () => {
      const { code, output } = await runProcess({ cwd: folder, env });
      expect(code).toBeGreaterThan(0);
      expect(output).toMatch(/^[^\n]*Redis[^\n]*\n$/);
    });
  });

  describeWith(REDIS)('a Redis Cluster under two nodes', () => {
    let redis: RedisCluster;
    let one: TestServer;
    let other: TestServer;

    beforeAll(async () => {
      redis = await RedisCluster.start();
      const env = await envOf(redis.url);
      one = await startServer({ env, dataDir: folder });
      other = await startServer({ env, dataDir: folder });
    }, 60_000);
    afterAll(async () => {
      await Promise.all([one.close(), other.close()]);
      await redis.stop();
    });

    it('carries events, typists and presence, shares tickets and ends sessions', async () => {
      const bobUser = await one.user('bob');
      const ann = await one.connect('ann', { via: 'ticket' });
      const { body } = await one.http.post('/auth/ticket', {}, { token: bobUser.accessToken });
      const bob = await other.open({ path: `/ws?ticket=${String(body['ticket'])}` });
      await bob.next('ready');
      const { room } = await ann.request('room.create', { kind: 'group', memberIds: [bobUser.id] });
      const { id: roomId } = room as Json;
      const here = (data: Json): boolean => data['roomId'] === roomId;
      await ann.request('presence.watch', { roomId });
      await ann.request('message.send', { roomId, text: 'over slots', clientId: 'client-of-ann' });
      expect(await bob.next('room.event', (data) => here(data) && data['type'] === 'message')).toMatchObject({
        message: { text: 'over slots' },
      });
      await bob.request('room.typing', { roomId, active: true });
      expect(await ann.next('room.typists', here)).toEqual({ roomId, userIds: [bobUser.id] });
      await bob.request('presence.set', { status: 'dnd' });
      const ofBob = ({ userId, status }: Json): boolean => userId === bobUser.id && status === 'dnd';
      await ann.next('presence.changed', ofBob);
      const again = await connectBy(bobUser.accessToken, one);
      await again.request('auth.logout');
      expect(await bob.closed).toEqual({ code: 4401, reason: 'logged-out' });
    });
  });
});
