import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcess, type TestClient, UpgradeRefused } from 'parley/testing';
import { ConnectionDirectory } from '../../src/realtime/caps/connection-directory.js';
import { SharedRedis } from '../../src/realtime/index.js';
import { commandsOf } from '../support/servers/shared-redis.js';
import { connectBy, NodePair } from './node-pair.js';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';

const REVOKED = { code: 4401, reason: 'revoked' };
const SUSPENDED = { code: 4403, reason: 'suspended' };

describeWith(REDIS)('sessions of a cluster with a Redis', () => {
  describeWith(POSTGRES)('and a PostgreSQL', () => {
    let pair: NodePair;

    beforeAll(async () => (pair = await NodePair.start({ MAX_CONNECTIONS_PER_USER: '3' })), 60_000);
    afterAll(async () => pair.stop());

    /** One session of this user, connected to both nodes, and another session of the user on the first one. */
    async function connected(name: string) {
      const user = await pair.one.user(name);
      const here = await connectBy(user.accessToken, pair.one);
      const there = await connectBy(user.accessToken, pair.other);
      const second = await pair.other.http.post('/auth/login', {
        username: name,
        password: user.password,
      });
      const token = String(second.body['accessToken']);
      const asking = await connectBy(token, pair.one);
      return { user, token, here, there, asking, sessionId: String(here.ready['sessionId']) };
    }

    /** Every way to end connections, each done on one node, and how those on both nodes close. */
    const ways: readonly [string, (at: Awaited<ReturnType<typeof connected>>) => Promise<unknown>, object][] =
      [
        ['auth.revoke', ({ asking, sessionId }) => asking.request('auth.revoke', { sessionId }), REVOKED],
        [
          'a changed password',
          async ({ user, token }) =>
            pair.other.http.post(
              '/auth/password',
              { password: user.password, newPassword: 'another password' },
              { token },
            ),
          REVOKED,
        ],
        ['a suspension at the other node', async ({ user }) => pair.suspend(user.id), SUSPENDED],
      ];
    describe.each(ways)('%s', (title, end, close) => {
      const name = `user-${title.replaceAll(/[^a-z]/g, '-')}`.slice(0, 20);

      it('closes the connections on both nodes by the bus', async () => {
        const at = await connected(`${name}-bus`);
        await end(at);
        expect(await Promise.all([at.here.closed, at.there.closed])).toEqual([close, close]);
        await at.asking.terminate();
      });

      it('closes them by the store while Redis is paused', async () => {
        const at = await connected(`${name}-bare`);
        pair.redis.process.pause();
        try {
          await end(at);
          expect(await Promise.all([at.here.closed, at.there.closed])).toEqual([close, close]);
        } finally {
          pair.redis.process.resume();
        }
        await at.asking.terminate();
        await pair.noticed(true);
      });
    });

    it('closes the own connection of a logout with 1000, the session’s others with 4401', async () => {
      const { here, there, asking } = await connected('logging-out');
      await there.request('auth.logout');
      expect(await there.closed).toMatchObject({ code: 1000 });
      expect(await here.closed).toEqual({ code: 4401, reason: 'logged-out' });
      await asking.expectSilence();
      await asking.close();
    });

    it('takes a ticket of one node on the other, once', async () => {
      const { accessToken } = await pair.one.user('ticketed');
      const { body } = await pair.one.http.post('/auth/ticket', {}, { token: accessToken });
      const path = `/ws?ticket=${String(body['ticket'])}`;
      const client = await pair.other.open({ path });
      expect(await client.next('ready')).toMatchObject({ user: { username: 'ticketed' } });
      await expect(pair.one.open({ path })).rejects.toBeInstanceOf(UpgradeRefused);
    });

    it('has no tickets while Redis is away, and bearers as ever', async () => {
      const { accessToken } = await pair.one.user('ticketless');
      const { body } = await pair.one.http.post('/auth/ticket', {}, { token: accessToken });
      await pair.redis.process.stop('SIGKILL');
      try {
        await pair.noticed(false);
        const asked = await pair.one.http.post('/auth/ticket', {}, { token: accessToken });
        expect(asked).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
        const path = `/ws?ticket=${String(body['ticket'])}`;
        await expect(pair.other.open({ path })).rejects.toMatchObject({ status: 503 });
        await (await connectBy(accessToken, pair.other)).close();
      } finally {
        await pair.redis.process.start();
        await pair.noticed(true);
      }
    });

    describe('a user with as many connections as are allowed', () => {
      const REPLACED = { code: 4409, reason: '' };

      /** Three connections, the oldest first, on these nodes in turn. */
      async function full(name: string, ...nodes: readonly { readonly wsUrl: string }[]) {
        const { accessToken } = await pair.one.user(name);
        const open: TestClient[] = [];
        for (const node of nodes) open.push(await connectBy(accessToken, node));
        return { accessToken, open };
      }

      it('loses the oldest one, on whichever node it is', async () => {
        const { accessToken, open } = await full('many', pair.one, pair.other, pair.one);
        open.push(await connectBy(accessToken, pair.other));
        expect(await open[0]?.closed).toEqual(REPLACED);
        open.push(await connectBy(accessToken, pair.one));
        expect(await open[1]?.closed).toEqual(REPLACED);
        await Promise.all(open.slice(2).map(async (client) => client.expectSilence()));
        await Promise.all(open.slice(2).map(async (client) => client.close()));
      });

      it('has the cap on each node while Redis is paused, and waits for nothing', async () => {
        const { accessToken, open } = await full('paused', pair.one, pair.one);
        pair.redis.process.pause();
        try {
          open.push(await connectBy(accessToken, pair.one), await connectBy(accessToken, pair.other));
          await open[0]?.request('auth.whoami');
          open.push(await connectBy(accessToken, pair.one));
          expect(await open[0]?.closed).toEqual(REPLACED);
        } finally {
          pair.redis.process.resume();
        }
        // Four are left, and that is found out when Redis is there again.
        expect(await open[1]?.closed).toEqual(REPLACED);
        await pair.noticed(true);
        await Promise.all(open.slice(2).map(async (client) => client.close()));
      });

      it('is not held to connections of a node that was killed', async () => {
        const cwd = await mkdtemp(join(tmpdir(), 'parley-killed-'));
        const doomed = await startProcess({ cwd, env: { ...pair.env, DATA_DIR: cwd } });
        const { accessToken } = await full('bereft', doomed, doomed, doomed);
        await doomed.kill('SIGKILL');
        await endLeaseOfOthers();
        const open = await full('bereft', pair.one, pair.other, pair.one);
        await connectBy(accessToken, pair.other);
        expect(await open.open[0]?.closed).toEqual(REPLACED);
        await Promise.all(open.open.slice(1).map(async (client) => client.expectSilence()));
        await rm(cwd, { recursive: true, force: true });
      });

      /** What the lease's time does by itself. */
      async function endLeaseOfOthers(): Promise<void> {
        const redis = commandsOf(pair.one.get(SharedRedis));
        const living = [pair.one, pair.other].map((node) => node.get(ConnectionDirectory).nodeId);
        const keys = await redis.keys('parley:node:*');
        const dead = keys.filter((key) => !living.some((id) => key.endsWith(id)));
        expect(dead).toHaveLength(1);
        await redis.del(...dead);
      }
    });
  });
});
