import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startProcess, startServer, type TestServer } from 'parley/testing';
import { ask, type AskOptions } from '../support/ask.js';
import { makeCertificate, writeCertificate } from '../support/certificate.js';
import { RawClient } from '../support/raw-client.js';
import { describeWith, NGINX } from '../support/tools.js';
import { documentedConfiguration, Nginx } from './nginx.js';

/** More than a bucket gives, however long they take. */
const AT_ONCE = 40;

const HEARTBEAT_MS = 300;

/** Services and processes are slow to start on a busy machine. */
const START_TIMEOUT_MS = 60_000;

const describeBehindNginx = describeWith(NGINX);

/** In nginx's words; longer than a heartbeat. */
const READ_TIMEOUT = '1s';
const READ_TIMEOUT_MS = 1000;

const account = (username: string): object => ({ username, password: `${username}'s password` });
const portOf = ({ url }: TestServer): number => Number(new URL(url).port);

/** What a client behind a proxy does, and how it is answered. */
class Client {
  constructor(
    private readonly url: string,
    private readonly options: AskOptions = {},
  ) {}

  async call(path: string, options: AskOptions = {}) {
    const headers = { ...this.options.headers, ...options.headers };
    return await ask(`${this.url}${path}`, { ...this.options, ...options, headers });
  }

  async register(name: string): Promise<string> {
    const { status, body } = await this.call('/auth/register', { body: account(name) });
    expect(status).toBe(201);
    return String(body['accessToken']);
  }

  async upgrade(token: string, headers: Record<string, string> = {}): Promise<RawClient> {
    const { ca, localAddress } = this.options;
    return await RawClient.open(`${this.url.replace(/^http/, 'ws')}/ws`, {
      ...(ca && { ca }),
      ...(localAddress && { localAddress }),
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
  }

  /** 101, or the status that the upgrade was refused with. */
  async statusOfUpgrade(token: string, headers: Record<string, string> = {}): Promise<number> {
    try {
      const client = await this.upgrade(token, headers);
      client.ws.terminate();
      return 101;
    } catch (error) {
      return (error as { status?: number }).status ?? 0;
    }
  }
}

describeBehindNginx('behind nginx, set up as documented', () => {
  const certificate = makeCertificate('proxy');
  let folder: string;
  let server: TestServer;
  let nginx: Nginx;
  let publicUrl: string;
  let token: string;
  let callers = 0;

  /** A client of 127.0.0.2: the proxy itself is 127.0.0.1. */
  const client = (localAddress = '127.0.0.2'): Client =>
    new Client(publicUrl, { ca: certificate.cert, localAddress });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-proxy-'));
    const files = await writeCertificate(folder, certificate);
    const configurationFor = (port: number): string =>
      documentedConfiguration({
        'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
        'server 127.0.0.1:3000': `server 127.0.0.1:${portOf(server)}`,
        '/etc/ssl/chat.example.com.pem': files['TLS_CERT_FILE'] ?? '',
        '/etc/ssl/chat.example.com.key': files['TLS_KEY_FILE'] ?? '',
        'proxy_read_timeout 60s': `proxy_read_timeout ${READ_TIMEOUT}`,
      });
    // Each has to know the other's port: the service is asked for its own first.
    server = await startServer();
    const port = portOf(server);
    nginx = await Nginx.start(configurationFor);
    publicUrl = `https://127.0.0.1:${nginx.port}`;
    await server.close();
    server = await startServer({
      env: {
        PORT: String(port),
        PUBLIC_URL: publicUrl,
        TRUSTED_PROXIES: '127.0.0.1',
        HEARTBEAT_MS: String(HEARTBEAT_MS),
        RATE_UPGRADES_PER_S: '2',
        DRAIN_MS: '200',
        ALLOWED_ORIGINS: 'https://app.example.com',
      },
    });
    token = await client().register('ann');
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await nginx.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('issues tokens by the public address', async () => {
    const [, claims = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: publicUrl });
    const { body } = await client().call('/auth/me', { headers: { authorization: `Bearer ${token}` } });
    expect(body).toMatchObject({ user: { username: 'ann' } });
  });

  it(
    'prints the public address',
    async () => {
      const process = await startProcess({ cwd: folder, env: { PUBLIC_URL: publicUrl, ADMIN_PORT: '0' } });
      expect(process.output).toContain(`Parley listens on ${publicUrl}\n`);
      await process.kill();
    },
    START_TIMEOUT_MS,
  );

  it('tells browsers once to stay with https', async () => {
    const { headers } = await client().call('/health/live');
    expect(headers).toMatchObject({
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each<[string, (own: string) => string, number]>([
    ['the public address', (own) => own, 101],
    ['a listed page', () => 'https://app.example.com', 101],
    ['the public address without TLS', (own) => own.replace('https', 'http'), 101],
    ['another port', (own) => own.replace(/:\d+$/, ''), 403],
    ['a page elsewhere', () => 'https://evil.test', 403],
    ['null', () => 'null', 403],
  ])('is opened to %s, or not (T01)', async (_, originOf, status) => {
    const headers = { origin: originOf(publicUrl) };
    const one = client(`127.0.1.${(callers += 1)}`);
    expect(await one.statusOfUpgrade(token, headers)).toBe(status);
  });

  it('counts clients by their own addresses, whatever they say (T04)', async () => {
    const said = Array.from({ length: AT_ONCE }, (_, n) => ({
      'x-forwarded-for': `203.0.113.${n}`,
      'x-real-ip': `203.0.113.${n}`,
    }));
    const one = client('127.0.0.3');
    const statuses = await Promise.all(said.map((headers) => one.statusOfUpgrade(token, headers)));
    expect(new Set(statuses)).toEqual(new Set([101, 429]));
    expect(await client('127.0.0.4').statusOfUpgrade(token)).toBe(101);
  });

  it('keeps a quiet connection, for its pings come sooner than the proxy tires', async () => {
    const quiet = await client('127.0.0.5').upgrade(token);
    await delay(2.5 * READ_TIMEOUT_MS);
    expect(quiet.ws.readyState).toBe(quiet.ws.OPEN);
    await quiet.close();
  });

  it('passes large files both ways, and refuses those that are too large by itself or by the service', async () => {
    const authorization = `Bearer ${token}`;
    const ann = await client('127.0.0.6').upgrade(token);
    const made = await ann.ask('room.create', { kind: 'group', name: 'files' });
    const { id: roomId } = made.data['room'] as { id: string };
    await ann.close();
    const send = async (bytes: number) => {
      const form = new FormData();
      form.set('roomId', roomId);
      form.set('file', new Blob([new Uint8Array(bytes)]), 'large.bin');
      const request = new Request('http://x', { method: 'POST', body: form });
      const body = Buffer.from(await request.arrayBuffer());
      const headers = { authorization, 'content-type': request.headers.get('content-type') ?? '' };
      return await client().call('/attachments', { body, headers });
    };
    const { status, body } = await send(10_485_760);
    expect(status).toBe(201);
    const { id } = body['attachment'] as { id: string };
    const downloaded = await client().call(`/attachments/${id}`, { headers: { authorization } });
    expect([downloaded.status, downloaded.text.length]).toEqual([200, 10_485_760]);
    expect((await send(10_485_761)).status).toBe(413);
  });

  it('is told of a restart', async () => {
    const one = await client('127.0.0.7').upgrade(token);
    const closed = one.closed;
    await server.close();
    expect(await closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/^retry-after-ms=\d+$/) });
  });
});

describeBehindNginx('behind nginx with its defaults', () => {
  let server: TestServer;
  let nginx: Nginx;
  let url: string;
  let token: string;

  const proxy =
    ({ url: service }: TestServer, more = ''): ((port: number) => string) =>
    (port) =>
      `server { listen 127.0.0.1:${port}; location / { proxy_pass ${service}; ${more} } }`;

  beforeAll(async () => {
    server = await startServer({
      env: { RATE_UPGRADES_PER_S: '3', ALLOWED_ORIGINS: 'https://app.example.com' },
    });
    nginx = await Nginx.start(proxy(server));
    url = `http://127.0.0.1:${nginx.port}`;
    token = await new Client(url).register('ann');
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await nginx.stop();
    await server.close();
  });

  it('refuses upgrades, which reach it as plain requests', async () => {
    expect(await new Client(url).statusOfUpgrade(token)).toBe(400);
  });

  it('refuses pages of the proxy’s own address, whose Host it is not told', async () => {
    const call = async (origin: string): Promise<number> =>
      (
        await new Client(url).call('/auth/ticket', {
          body: {},
          headers: { origin, authorization: `Bearer ${token}` },
        })
      ).status;
    expect(await call(url)).toBe(403);
    expect(await call('https://evil.test')).toBe(403);
    expect(await call('https://app.example.com')).toBe(201);
  });

  it('counts all clients as one, and believes none (T04)', async () => {
    const take = async (n: number): Promise<number> => {
      const client = new Client(url, { localAddress: `127.0.0.${10 + n}` });
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': `203.0.113.${n}` };
      return (await client.call('/auth/ticket', { body: {}, headers })).status;
    };
    const statuses = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => take(n)));
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
  });

  it('leaves nothing of a file that nginx refuses', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' };
    const { status } = await new Client(url).call('/attachments', { body: Buffer.alloc(2_000_000), headers });
    expect(status).toBe(413);
  });

  it(
    'is closed by a proxy that tires sooner than the heartbeat, and gives the slot back',
    async () => {
      const single = await startServer({ env: { MAX_CONNECTIONS: '1' } });
      const impatient = await Nginx.start(
        proxy(
          single,
          `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_read_timeout ${READ_TIMEOUT};`,
        ),
      );
      const client = new Client(`http://127.0.0.1:${impatient.port}`);
      const quiet = await client.upgrade(await client.register('bob'));
      expect(await quiet.closed).toMatchObject({ code: 1006 });
      const again = await client.upgrade(await client.register('cid'));
      again.ws.terminate();
      await impatient.stop();
      await single.close();
    },
    START_TIMEOUT_MS,
  );
});
