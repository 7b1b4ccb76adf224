import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { answerClientErrors } from './client-errors.js';

describe('the time of a request', () => {
  let server: Server;
  let socket: Socket;
  let received: string;

  /** A server that reads bodies to their end; under `/paced` the handler sets a time-out of its own. */
  beforeEach(async () => {
    server = createServer({ connectionsCheckingInterval: 50 }, (request, response) => {
      if (request.url === '/paced') request.setTimeout(400);
      request.resume().on('end', () => response.end('done'));
    });
    answerClientErrors(server);
    Object.assign(server, { headersTimeout: 150, requestTimeout: 200 });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
  });

  afterEach(() => {
    socket.destroy();
    server.close();
  });

  const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n`;

  async function dribble(text: string): Promise<void> {
    for (const character of text) {
      if (socket.destroyed) return;
      socket.write(character);
      await delay(60);
    }
  }

  it('is bounded', async () => {
    socket.write(post('/'));
    await dribble('0123456789');
    expect(received).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  });

  it('is its handler’s own if it says so', async () => {
    socket.write(post('/paced'));
    await dribble('0123456789');
    await delay(50);
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('ends with a standstill', async () => {
    socket.write(post('/paced'));
    await once(socket, 'close');
    expect(received).toBe('');
  });

  it('is bounded again for the next request of the connection', async () => {
    socket.write(`${post('/paced')}0123456789`);
    await once(socket, 'data');
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    received = '';
    await dribble('GET / HTTP/1.1');
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['no request', 'hello\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}`, 431],
  ])('does not count for %s', async (_, text, status) => {
    socket.write(text);
    await once(socket, 'close');
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});
