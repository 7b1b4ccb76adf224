import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runProcess, startProcess, startServer, type TestServer } from 'parley/testing';
import { ConfigError } from '../../src/config/index.js';
import { readTlsFiles } from '../../src/ops/index.js';
import { ask } from '../support/ask.js';
import { type Certificate, makeCertificate, writeCertificate } from '../support/certificate.js';
import { RawClient, UpgradeRejected } from '../support/raw-client.js';

/** Services and processes are slow to start on a busy machine. */
const START_TIMEOUT_MS = 60_000;

let folder: string;
let first: Certificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-tls-'));
  first = makeCertificate('first');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const portOf = (url: string): number => Number(new URL(url).port);
const account = { username: 'ann', password: "ann's password" };

/** Shakes hands, and returns what was agreed on; rejects when nothing was. */
async function shakeHands(url: string, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ port: portOf(url), host: '127.0.0.1', ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** What a plain socket is answered before it is closed. */
async function sayPlainly(url: string, text: string): Promise<string> {
  const socket = connect(portOf(url), '127.0.0.1').on('error', () => undefined);
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('a service that ends TLS (T10)', () => {
  let server: TestServer;
  const ca = (): { ca: string } => ({ ca: first.cert });

  beforeAll(async () => {
    const env = { ...(await writeCertificate(folder, first)), RATE_UPGRADES_PER_S: '0' };
    server = await startServer({ env, httpLimits: { headersTimeoutMs: 1200 } });
    await ask(`${server.url}/auth/register`, { ...ca(), body: account });
  }, START_TIMEOUT_MS);
  afterAll(() => server.close());

  const token = async (): Promise<string> => {
    const { body } = await ask(`${server.url}/auth/login`, { ...ca(), body: account });
    return String(body['accessToken']);
  };
  const upgrade = async (headers: Record<string, string>): Promise<RawClient> => {
    const url = `wss://127.0.0.1:${portOf(server.url)}/ws`;
    return await RawClient.open(url, {
      ...ca(),
      headers: { ...headers, authorization: `Bearer ${await token()}` },
    });
  };

  it('serves https, and tells browsers to stay with it', async () => {
    const { status, headers } = await ask(`${server.url}/health/live`, ca());
    expect(status).toBe(200);
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    expect(server.url).toMatch(/^https:/);
  });

  it('serves wss on the same port', async () => {
    const client = await upgrade({});
    expect((await client.take()).event).toBe('ready');
    await client.close();
  });

  it('is its own origin over https alone (T01)', async () => {
    const host = `127.0.0.1:${portOf(server.url)}`;
    await (await upgrade({ origin: `https://${host}` })).close();
    const refused = await upgrade({ origin: `http://${host}` }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 403, problem: { code: 'ORIGIN_NOT_ALLOWED' } });
    const { headers } = refused as UpgradeRejected;
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    const socket = await shakeHands(server.url, { ...ca(), minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('does not speak %s', async (version) => {
    const old: ConnectionOptions = {
      minVersion: 'TLSv1',
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    await expect(shakeHands(server.url, { ...ca(), ...old })).rejects.toThrow(/protocol version|alert/i);
  });

  it('agrees on HTTP/1.1, and with nobody who speaks HTTP/2 alone', async () => {
    const socket = await shakeHands(server.url, { ...ca(), ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(shakeHands(server.url, { ...ca(), ALPNProtocols: ['h2'] })).rejects.toThrow(/alert/);
  });

  it.each([
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /auth/login HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'x',
  ])('refuses %j, which is not TLS', async (text) => {
    const [head = '', body = ''] = (await sayPlainly(server.url, text)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'BAD_HANDSHAKE' });
  });

  it.each([
    ['says nothing', ''],
    ['begins a handshake and says no more', '\u0016\u0003\u0001'],
  ])('closes a connection that %s (T06)', async (_, text) => {
    expect(await sayPlainly(server.url, text)).not.toMatch(/HTTP/);
  });

  it('ends a request that dribbles in with 408 (T06)', async () => {
    const socket = await shakeHands(server.url, ca());
    socket.write('GET /health/live HTTP/1.1\r\nX-Slow: ');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*Strict-Transport-Security: max-age=31536000/);
  });

  it('survives resets at every byte of a handshake (T05)', async () => {
    for (let length = 0; length < 60; length++) {
      const socket = connect(portOf(server.url), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(
        Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(length, length)]),
      );
      if (length % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    expect((await ask(`${server.url}/health/live`, ca())).status).toBe(200);
  });
});

it(
  'a service that ends TLS stops, whoever has begun to speak and not gone on',
  async () => {
    const closing = await startServer({
      env: await writeCertificate(folder, first),
      httpLimits: { headersTimeoutMs: 600_000, requestTimeoutMs: 600_000 },
    });
    const silent = ['', '\u0016\u0003\u0001'].map((text) => {
      const socket = connect(portOf(closing.url), '127.0.0.1').on('error', () => undefined);
      if (text !== '') socket.write(text);
      return once(socket.resume(), 'close');
    });
    await ask(`${closing.url}/health/live`, { ca: first.cert });
    await closing.close();
    await expect(Promise.all(silent)).resolves.toHaveLength(2);
  },
  START_TIMEOUT_MS,
);

describe('files of TLS', () => {
  const good = (): Promise<Record<string, string>> => writeCertificate(folder, first);
  const lineOf = (env: Record<string, string>): string => {
    try {
      readTlsFiles({ certFile: env['TLS_CERT_FILE'] ?? '', keyFile: env['TLS_KEY_FILE'] ?? '' });
    } catch (error) {
      if (error instanceof ConfigError) return error.lines.join('\n');
      throw error;
    }
    throw new Error('they were taken');
  };

  it.each<[string, string, Partial<Certificate>, object]>([
    ['no certificate there', 'TLS_CERT_FILE cannot be read (ENOENT)', {}, { TLS_CERT_FILE: './hunter2.pem' }],
    ['no key there', 'TLS_KEY_FILE cannot be read (ENOENT)', {}, { TLS_KEY_FILE: './hunter2.pem' }],
    ['a folder', 'TLS_CERT_FILE cannot be read (EISDIR)', {}, { TLS_CERT_FILE: tmpdir() }],
    ['nonsense for a certificate', 'TLS_CERT_FILE holds no certificate', { cert: 'hunter2' }, {}],
    ['nonsense for a key', 'TLS_KEY_FILE holds no private key', { key: 'hunter2' }, {}],
    ['an empty key', 'TLS_KEY_FILE holds no private key', { key: '' }, {}],
    [
      'the key of another',
      'TLS_KEY_FILE does not belong to the certificate',
      { key: makeCertificate('x').key },
      {},
    ],
  ])('with %s are refused in one line, without a value (T40)', async (_, line, content, env) => {
    const told = lineOf({ ...(await writeCertificate(folder, { ...first, ...content })), ...env });
    expect(told.startsWith(line)).toBe(true);
    expect(told).toMatch(/^[^\n]+: allowed is [^\n]+$/);
    for (const value of ['hunter2', tmpdir()]) expect(told).not.toContain(value);
  });

  it(
    'of no use stop the start with that line and code 78',
    async () => {
      const env = { ...(await good()), TLS_CERT_FILE: './hunter2.pem' };
      expect(await runProcess({ cwd: folder, env })).toEqual({
        code: 78,
        signal: null,
        output: 'TLS_CERT_FILE cannot be read (ENOENT): allowed is a file that this user may read\n',
      });
    },
    START_TIMEOUT_MS,
  );

  it(
    'are read again on SIGHUP, and kept when the new ones are of no use',
    async () => {
      const env: Record<string, string> = { ...(await good()), DATA_DIR: join(folder, 'data') };
      const process = await startProcess({ cwd: folder, env });
      expect(process.output).toMatch(/^Parley listens on https:\/\/127\.0\.0\.1:\d+$/m);
      const living = await shakeHands(process.url, { ca: first.cert });
      expect(living.getPeerCertificate().subject.CN).toBe('first');

      await writeFile(env['TLS_KEY_FILE'] ?? '', 'no key');
      process.signal('SIGHUP');
      await process.says(/the old certificate stays/);
      expect(process.output).toContain('TLS_KEY_FILE holds no private key');
      (await shakeHands(process.url, { ca: first.cert })).destroy();

      const second = makeCertificate('second');
      await writeCertificate(folder, second);
      process.signal('SIGHUP');
      await process.says(/the certificate has been read again/);
      const fresh = await shakeHands(process.url, { ca: second.cert });
      expect(fresh.getPeerCertificate().subject.CN).toBe('second');
      living.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(String(((await once(living, 'data')) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 200 /);

      await writeCertificate(folder, makeCertificate('ended', Date.now() - 1000));
      process.signal('SIGHUP');
      await process.says(/the certificate of TLS_CERT_FILE ended on/);
      for (const socket of [living, fresh]) socket.destroy();
      expect(await process.kill()).toEqual({ code: 0, signal: null });
    },
    START_TIMEOUT_MS,
  );
});
