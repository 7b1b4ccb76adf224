import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  type Json,
  runProcess,
  startServer,
  type TestClient,
  type TestServer,
} from '../../src/testing/index.js';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { describeWith, POSTGRES } from '../support/tools.js';

type Fault = readonly [title: string, begin: () => Promise<void>, end: () => Promise<void>];

describeWith(POSTGRES)('a PostgreSQL that is away', () => {
  let postgres: PostgresServer;
  let node: TestServer;
  let ann: TestClient;
  let roomId: string;
  let cwd: string;

  const FAULTS: readonly Fault[] = [
    ['hangs', async () => postgres.process.pause(), async () => postgres.process.resume()],
    ['is killed', async () => postgres.process.stop('SIGKILL'), async () => postgres.process.start()],
  ];

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parley-outage-'));
    postgres = await PostgresServer.start();
    // A crash of the server does not change the life of data that survives it.
    const env = { DATABASE_URL: await postgres.createDatabase(), DURABILITY: 'full' };
    node = await startServer({ env });
    ann = await node.connect('ann');
    await node.connect('bob');
    roomId = await newRoom();
  }, 60_000);
  afterAll(async () => {
    postgres.process.resume();
    await node.close();
    await postgres.stop();
    await rm(cwd, { recursive: true, force: true });
  }, 60_000);

  async function newRoom(): Promise<string> {
    const { room } = await ann.request('room.create', { kind: 'group', name: 'garden' });
    return String((room as Json)['id']);
  }

  async function send(clientId: string): Promise<Json> {
    return await ann.request('message.send', { roomId, text: clientId, clientId });
  }

  /** What the node answers to everybody, while the store is away. */
  async function refusals(): Promise<readonly object[]> {
    const { username, password, accessToken, refreshToken } = await node.user('bob');
    const posts = await Promise.all([
      node.http.post('/auth/login', { username, password }),
      node.http.post('/auth/register', { username: 'carol', password: 'a password of hers' }),
      node.http.post('/auth/refresh', { refreshToken }),
      node.http.post('/auth/logout', {}, { token: accessToken }),
    ]);
    const upgrade = node
      .open({ headers: { authorization: `Bearer ${accessToken}` } })
      .catch(({ status, problem }: { status: number; problem: Json }) => ({ status, body: problem }));
    return [...posts, await upgrade];
  }

  async function serves(): Promise<void> {
    while ((await node.http.get('/health/ready')).status !== 200);
  }

  it.each(FAULTS)(
    'is never waited for when it %s, and is used again when it is back',
    async (fault, begin, end) => {
      await send(`before it ${fault}`);
      await begin();
      try {
        const unsure = send(`while it ${fault}`);
        await expect(unsure).rejects.toMatchObject({
          code: expect.stringMatching(/^(UNAVAILABLE|UNKNOWN)$/),
        });
        await expect(node.http.get('/health/ready')).resolves.toMatchObject({
          status: 503,
          body: { status: 'down', down: ['store'] },
        });
        const answers = await refusals();
        expect(answers).toEqual(
          answers.map(() =>
            expect.objectContaining({ status: 503, body: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
          ),
        );
      } finally {
        await end();
      }
      await serves();
      const { message } = await send(`while it ${fault}`);
      await expect(send(`while it ${fault}`)).resolves.toMatchObject({ message, duplicate: true });
      const { messages } = await ann.request('message.history', { roomId });
      expect((messages as Json[]).map(({ text }) => text).slice(-2)).toEqual([
        `before it ${fault}`,
        `while it ${fault}`,
      ]);
      await expect(node.connect(`dora, after it ${fault}`.replaceAll(/\W+/g, '-'))).resolves.toBeDefined();
      expect(node.logs.filter((line) => line.includes('"INTERNAL"'))).toEqual([]);
    },
  );

  it('sends all clients away when what was acknowledged may be gone, to begin anew', async () => {
    const env = { DATABASE_URL: await postgres.createDatabase(), DURABILITY: 'process' };
    const lossy = await startServer({ env });
    try {
      const before = await lossy.connect('ann');
      const { room } = await before.request('room.create', { kind: 'group', name: 'garden' });
      const { id } = room as { id: string };
      // Else the crash takes the room, too.
      await postgres.execute('checkpoint');
      await postgres.process.stop('SIGKILL');
      await postgres.process.start();
      while ((await lossy.http.get('/health/ready')).status !== 200);
      await expect(before.closed).resolves.toMatchObject({ code: 1012 });
      const after = await lossy.connect('ann');
      const { epoch } = before.ready;
      expect(after.ready['epoch']).not.toBe(epoch);
      const sync = await after.request('room.sync', { epoch, rooms: { [id]: 1 } });
      expect(sync).toMatchObject({ epoch: after.ready['epoch'], rooms: [{ room: { id }, reset: true }] });
    } finally {
      await lossy.close();
    }
  });

  it('ends a start that it refuses with one line, which tells the setting and not the password', async () => {
    const url = Object.assign(new URL(postgres.url('nowhere')), { password: 'open-sesame' });
    const { code, output } = await runProcess({ cwd, env: { DATABASE_URL: url.href } });
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(/^Parley cannot start: .*"nowhere" does not exist.*DATABASE_URL.*\n$/),
    });
    expect(output).not.toContain('open-sesame');
  });
});
