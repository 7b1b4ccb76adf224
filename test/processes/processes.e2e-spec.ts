import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Json, runProcess, startProcess, type TestProcess } from '../../src/testing/index.js';
import { freePort } from '../support/servers/free-port.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';

const COUNT = 2;
const CLIENTS = 6;

describeWith(POSTGRES)('several processes on one machine', () => {
  describeWith(REDIS)('behind one port', () => {
    let cwd: string;
    let postgres: PostgresServer;
    let redis: RedisServer;
    let adminPort: number;
    let env: Record<string, string>;

    beforeAll(async () => {
      cwd = await mkdtemp(join(tmpdir(), 'parley-processes-'));
      [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
    });

    afterAll(async () => {
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(cwd, { recursive: true, force: true });
    });

    async function settings(): Promise<Record<string, string>> {
      adminPort = await freePort();
      env = {
        DATABASE_URL: await postgres.createDatabase(),
        REDIS_URL: redis.url,
        SHARED_FILES: 'yes',
        PORT: String(await freePort()),
        ADMIN_PORT: String(adminPort),
        PROCESSES: String(COUNT),
        DRAIN_MS: '200',
        RATE_UPGRADES_PER_S: '0',
        RATE_LOGINS_PER_MIN: '0',
      };
      return env;
    }

    /** Connections of each process, by its own admin listener. */
    async function connections(): Promise<number[]> {
      return Promise.all(
        Array.from({ length: COUNT }, async (_, index) => {
          const metrics = await (await fetch(`http://127.0.0.1:${adminPort + index}/metrics`)).text();
          const counts = [...metrics.matchAll(/^parley_connections\{[^}]*\} (\d+)$/gm)];
          return counts.reduce((sum, [, count]) => sum + Number(count), 0);
        }),
      );
    }

    function nodesOf(service: TestProcess): number[] {
      const children = readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8');
      return children.split(' ').filter(Boolean).map(Number);
    }

    it('share connections, outlive the death of one, and drain together', async () => {
      const service = await startProcess({ cwd, env: await settings() });
      try {
        expect(service.output.match(/Parley listens on/g)).toHaveLength(1);
        const clients = await Promise.all(
          Array.from({ length: CLIENTS }, async (_, index) => service.connect(`user-${index}`)),
        );
        const before = await connections();
        expect(before.reduce((sum, count) => sum + count)).toBe(CLIENTS);
        expect(before.every((count) => count > 0)).toBe(true);

        const memberIds = await Promise.all(
          clients.slice(1).map(async (_, index) => (await service.user(`user-${index + 1}`)).id),
        );
        const first = await service.connect('user-0');
        const { room } = await first.request('room.create', { kind: 'group', memberIds });
        const roomId = (room as Json)['id'];
        await first.request('message.send', { roomId, text: 'to all', clientId: 'to-all-clients' });
        for (const client of clients.slice(1))
          await client.next('room.event', ({ type }) => type === 'message');

        const [victim = 0] = nodesOf(service);
        process.kill(victim, 'SIGKILL');
        await service.says(/"msg":"a process ended; another takes its place"/);
        await replaced(service, victim);
        expect(service.output.match(/Parley listens on/g)).toHaveLength(1);
        const survivors = await connections();
        expect(survivors.reduce((sum, count) => sum + count)).toBeGreaterThan(0);

        const again = await Promise.all([service.connect('user-0'), service.connect('user-1')]);
        const closed = Promise.all(again.map(async (client) => client.closed));
        expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
        expect((await closed).map(({ code }) => code)).toEqual([1012, 1012]);
      } finally {
        await service.kill('SIGKILL');
      }
    });

    /** Resolves when as many serve as before, another among them. */
    async function replaced(service: TestProcess, victim: number): Promise<void> {
      for (;;) {
        const isThere = await fetch(`http://127.0.0.1:${adminPort}/health/ready`).then(
          ({ status }) => status === 200,
          () => false,
        );
        const nodes = nodesOf(service);
        if (isThere && nodes.length === COUNT && !nodes.includes(victim)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    it('do not start when one cannot, and say why once', async () => {
      const place = await settings();
      const taken = createServer().listen(Number(place['PORT']), '0.0.0.0');
      await once(taken, 'listening');
      const ending = await runProcess({ cwd, env: { ...place, HOST: '0.0.0.0' } });
      taken.close();
      expect(ending.code).toBe(1);
      expect(ending.output.match(/Parley cannot start: port \d+ of 0.0.0.0 is taken/g)).toHaveLength(1);
    });

    it('end when nobody can be kept up', async () => {
      const service = await startProcess({ cwd, env: await settings() });
      try {
        await postgres.dropDatabase(env['DATABASE_URL'] ?? '');
        for (const pid of nodesOf(service)) process.kill(pid, 'SIGKILL');
        expect(await service.exited).toEqual({ code: 1, signal: null });
        expect(service.output).toContain('the processes end as soon as they start: giving up');
      } finally {
        await service.kill('SIGKILL');
      }
    });
  });
});
