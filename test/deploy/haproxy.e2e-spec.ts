import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startProcess, TestTarget, type TestProcess } from '../../src/testing/index.js';
import { freePort } from '../support/servers/free-port.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { describeWith, REDIS, TOOL_PATH, type Tool } from '../support/tools.js';

const HAPROXY: Tool = { command: 'haproxy', versionFlag: '-v', debianPackage: 'haproxy' };

describeWith(HAPROXY)('two nodes behind the balancer of compose.yaml', () => {
  describeWith(REDIS)('with one store and one bus', () => {
    let cwd: string;
    let postgres: PostgresServer;
    let redis: RedisServer;
    let nodes: TestProcess[];
    let balancer: ChildProcess;
    let service: TestTarget;

    beforeAll(async () => {
      cwd = await mkdtemp(join(tmpdir(), 'parley-haproxy-'));
      [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
      const env = {
        // Everybody comes from one address here, and as fast as the machine can.
        RATE_UPGRADES_PER_S: '0',
        DATABASE_URL: postgres.url(),
        REDIS_URL: redis.url,
        SHARED_FILES: 'yes',
        TRUSTED_PROXIES: '127.0.0.1',
        DRAIN_DELAY_MS: '3000',
        DRAIN_MS: '200',
      };
      nodes = [await startProcess({ cwd, env }), await startProcess({ cwd, env })];
      const port = await freePort();
      const file = join(cwd, 'haproxy.cfg');
      writeFileSync(file, configuration(port, nodes));
      balancer = spawn('haproxy', ['-db', '-f', file], { env: { PATH: TOOL_PATH }, stdio: 'ignore' });
      service = new Service(`http://127.0.0.1:${port}`);
      while (!(await isReady(service.url))) await delay(50);
    });

    afterAll(async () => {
      await (service as Service).end();
      balancer.kill('SIGKILL');
      await Promise.all(nodes.map((node) => node.kill('SIGKILL')));
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(cwd, { recursive: true, force: true });
    });

    it('serve anybody anywhere, and one goes without anybody being refused', async () => {
      const [ann, bob] = [await service.connect('ann'), await service.connect('bob', { via: 'ticket' })];
      const memberIds = [(await service.user('bob')).id];
      const { room } = await ann.request('room.create', { kind: 'group', memberIds });
      const roomId = (room as { id: string }).id;
      await ann.request('message.send', { roomId, text: 'hello', clientId: 'through-the-balancer' });
      await bob.next('room.event', ({ type }) => type === 'message');

      const gone = nodes[0]?.kill('SIGTERM');
      let isGone = false;
      void gone?.then(() => (isGone = true));
      while (!isGone) {
        const client = await service.connect('ann');
        await client.request('room.list');
        await client.close();
      }
      expect(await gone).toEqual({ code: 0, signal: null });
      expect((await service.connect('bob')).ready).toHaveProperty('epoch');
    });
  });
});

class Service extends TestTarget {
  async end(): Promise<void> {
    await this.endClients();
  }
}

/** The file as it is, with other addresses, and without the names that only containers know. */
function configuration(port: number, nodes: readonly TestProcess[]): string {
  const file = readFileSync(new URL('../../deploy/haproxy.cfg', import.meta.url), 'utf8');
  const placed = nodes.reduce(
    (text, node, index) => text.replace(`node-${index + 1}:3000`, new URL(node.url).host),
    file.replace('bind :8080', `bind 127.0.0.1:${port}`),
  );
  return placed
    .replace(' resolvers docker\n', '\n')
    .replace(/resolvers docker\n.*\n/, '')
    .replace('maxconn 100000', 'maxconn 200');
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}
