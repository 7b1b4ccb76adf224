import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpException, Module, Post } from '@nestjs/common';
import { ParleyModule } from '../parley.module.js';
import { RealtimeError } from '../realtime/index.js';
import { StorageError } from '../storage/index.js';
import { startServer, type TestServer } from '../testing/index.js';

@Controller('faults')
class FaultsController {
  @Get('ours')
  ours(): never {
    throw new Error('a secret detail');
  }

  @Get('limited')
  limited(): never {
    throw new RealtimeError('RATE_LIMITED', 'too many', { retryAfterMs: 1500 });
  }

  @Get('denied')
  denied(): never {
    throw new HttpException('not yours', 403);
  }

  @Get('store')
  store(): never {
    throw new StorageError('not-stored', 'the disk is full');
  }

  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return { body };
  }
}

@Module({ controllers: [FaultsController] })
class FaultsModule {}

@Module({ imports: [ParleyModule.register({ features: [FaultsModule] })] })
class FaultyApp {}

const ORIGIN = 'https://app.example.com';

describe('the service over HTTP', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ module: FaultyApp, env: { ALLOWED_ORIGINS: ORIGIN } });
  });
  afterAll(() => server.close());

  it('answers errors with problem documents', async () => {
    const { status, headers, body } = await server.http.get('/faults/denied');
    expect(status).toBe(403);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'not yours',
      code: 'FORBIDDEN',
    });
  });

  it('keeps the detail of a fault of ours for the log, under a ref (T24)', async () => {
    const { status, body } = await server.http.get('/faults/ours');
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'INTERNAL', ref: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain('secret');
    const record = server.logs.find((line) => line.includes(String(body['ref'])));
    expect(record).toContain('a secret detail');
    expect(record).toContain('"path":"/faults/ours"');
  });

  it('says when to come back', async () => {
    const { status, headers } = await server.http.get('/faults/limited');
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('2');
  });

  it('says that nothing was stored', async () => {
    const { status, body } = await server.http.get('/faults/store');
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'UNAVAILABLE', ref: expect.any(String) });
  });

  it('does not repeat an unknown address', async () => {
    const { status, body } = await server.http.get('/no/such?ticket=hunter2');
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'NOT_FOUND', detail: 'route not found' });
  });

  it('asks for a bearer token', async () => {
    const { status, headers } = await server.http.get('/auth/me');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(['{"a":hunter2', '"hunter2"', '[1', '\u0000'])(
    'refuses the body %j without repeating it',
    async (text) => {
      const { status, body } = await server.http.post('/faults/echo', text);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: '' }] });
      expect(JSON.stringify(body)).not.toContain('hunter2');
    },
  );

  it('refuses a body that is too large', async () => {
    const { status, body } = await server.http.post('/faults/echo', { text: 'x'.repeat(70_000) });
    expect(status).toBe(413);
    expect(body).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('refuses a path that is not valid', async () => {
    const { status, body } = await server.http.get('/health/%E0%A4%A');
    expect([400, 404]).toContain(status);
    expect(body).toMatchObject({ code: expect.any(String) });
  });

  it('does not say what it is made of', async () => {
    const { headers } = await server.http.get('/health/live');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('lets pages of allowed origins in', async () => {
    const { headers } = await server.http.get('/health/live', { headers: { origin: ORIGIN } });
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-expose-headers')).toBe('Retry-After');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    const preflight = await fetch(`${server.url}/auth/login`, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization,Content-Type');
  });

  it.each([
    'https://app.example.com.evil.test',
    'http://app.example.com',
    'https://app.example.com:8443',
    'null',
  ])('lets no page of %s in', async (origin) => {
    const { headers } = await server.http.get('/health/live', { headers: { origin } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('bounds the headers of a request', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 431 /);
    socket.destroy();
  });
});
