import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from 'parley/testing';
import { createRoom } from '../conformance/contract.js';
import { handshake } from '../support/raw-request.js';

const HEADERS_MS = 800;
const REQUEST_MS = 1500;

/** For the standstill of an upload, which may last 15 s. */
const STANDSTILL_TIMEOUT_MS = 40_000;

let server: TestServer;
let token: string;
let roomId: string;

beforeAll(async () => {
  server = await startServer({
    httpLimits: { headersTimeoutMs: HEADERS_MS, requestTimeoutMs: REQUEST_MS, checkingIntervalMs: 100 },
  });
  token = (await server.user('ann')).accessToken;
  const ann = await server.connect('ann');
  roomId = String((await createRoom(ann, { kind: 'group', name: 'slow', memberIds: [] }))['id']);
});
afterAll(() => server.close());

interface Wire {
  readonly socket: Socket;
  /** All that came until the socket was closed. */
  readonly answer: Promise<string>;
}

function dial(): Wire {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
  return { socket, answer: closed };
}

async function dribble(socket: Socket, text: string | Buffer, step = 1): Promise<void> {
  for (let at = 0; at < text.length && socket.writable; at += step) {
    socket.write(text.slice(at, at + step));
    await delay(60);
  }
}

const problemIn = (answer: string): unknown => JSON.parse(answer.split('\r\n\r\n')[1] ?? '');

const upload = (bytes: number): { head: string; body: Buffer } => {
  const boundary = 'the-boundary';
  const before = [
    `--${boundary}\r\nContent-Disposition: form-data; name="roomId"\r\n\r\n${roomId}\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`,
  ].join('');
  const body = Buffer.concat([
    Buffer.from(before),
    Buffer.alloc(bytes, 7),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const head = [
    'POST /attachments HTTP/1.1',
    'Host: x',
    `Authorization: Bearer ${token}`,
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
    '\r\n',
  ].join('\r\n');
  return { head, body };
};

describe('the time that a request may take (T06)', () => {
  it('is that of production unless a test says otherwise', async () => {
    const production = await startServer();
    expect(production.app.getHttpServer()).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 1000,
      maxHeadersCount: 100,
    });
    await production.close();
  });

  it.each<[string, () => string]>([
    ['a request', () => `GET /health/live HTTP/1.1\r\nHost: x\r\n${'X-Slow: 1\r\n'.repeat(50)}`],
    ['an upgrade', () => handshake({ headers: { Authorization: `Bearer ${token}` } })],
  ])('ends with 408 for headers that dribble in: %s', async (_, text) => {
    const { socket, answer } = dial();
    await dribble(socket, text());
    expect(await answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(problemIn(await answer)).toMatchObject({ status: 408, code: 'UNAVAILABLE' });
  });

  it('ends with 408 for a body that dribbles in', async () => {
    const { socket, answer } = dial();
    socket.write(
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n',
    );
    await dribble(socket, '{"username":"ann","password":"xxxxxxxx"}');
    expect(problemIn(await answer)).toMatchObject({ status: 408, code: 'UNAVAILABLE' });
  });

  it('ends for a connection that never says anything', async () => {
    const { answer } = dial();
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('ends for the second request of a connection as for the first', async () => {
    const { socket, answer } = dial();
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    await dribble(socket, `GET /health/live HTTP/1.1\r\n${'X-Slow: 1\r\n'.repeat(50)}`);
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 408 /);
  });

  it('is none for a connection that is open', async () => {
    const ann = await server.connect('ann');
    await delay(2 * REQUEST_MS);
    expect(await ann.request('auth.whoami', {})).toBeDefined();
    await ann.close();
  });

  it('is longer for an upload, as long as it moves', async () => {
    const { socket, answer } = dial();
    const { head, body } = upload(2000);
    socket.write(head);
    await dribble(socket, body, 50);
    expect(await answer).toMatch(/^HTTP\/1\.1 201 /);
  });

  it('is longer for a download, as long as it is taken', async () => {
    const sent = dial();
    const { head, body } = upload(6_000_000);
    sent.socket.write(head);
    sent.socket.write(body);
    const { attachment } = problemIn(await sent.answer) as { attachment: { id: string } };
    const { socket, answer } = dial();
    socket.pause();
    socket.write(
      `GET /attachments/${attachment.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
    await delay(2 * REQUEST_MS);
    socket.resume();
    expect((await answer).length).toBeGreaterThan(6_000_000);
  });

  it(
    'ends for an upload that stands still',
    async () => {
      const { socket, answer } = dial();
      const { head, body } = upload(2000);
      socket.write(head);
      socket.write(body.subarray(0, 1000));
      expect(await answer).not.toMatch(/ 201 /);
    },
    STANDSTILL_TIMEOUT_MS,
  );
});

describe('what the headers of a request may be (T06)', () => {
  it.each([
    ['one that is long', { 'X-Long': 'x'.repeat(20_000) }],
    ['2,000 of them', Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`X-${n}`, 'value']))],
  ])('is bounded in bytes: %s', async (_, headers) => {
    for (const text of [
      handshake({ headers }),
      handshake({ headers: { Upgrade: null, Connection: null, ...headers } }),
    ]) {
      const { socket, answer } = dial();
      socket.write(text);
      expect(await answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
      expect(problemIn(await answer)).toMatchObject({ status: 431, code: 'TOO_LARGE' });
    }
  });

  it('is bounded in number: what comes after the hundredth is not read', async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`X-${n}`, 'v']));
    const { socket, answer } = dial();
    socket.write(handshake({ headers: { ...many, Authorization: `Bearer ${token}` } }));
    expect(problemIn(await answer)).toMatchObject({ status: 401 });
  });

  it('leaves everybody else alone', async () => {
    const ann = await server.connect('ann');
    const bombs = Array.from({ length: 50 }, () => dial());
    for (const { socket } of bombs) socket.write(handshake({ headers: { 'X-Long': 'x'.repeat(200_000) } }));
    expect(await ann.request('auth.whoami', {})).toBeDefined();
    for (const { answer } of bombs) expect(await answer).toMatch(/^(HTTP\/1\.1 431 |$)/);
    await ann.close();
  });
});
