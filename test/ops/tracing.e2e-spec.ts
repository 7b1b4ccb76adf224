import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger, Module } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { ParleyModule, RealtimeGateway } from 'parley';
import { type Json, startServer, type TestServer } from 'parley/testing';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const OTHER_TRACE = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const SPAN = '00f067aa0ba902b7';
const parentOf = (traceId: string): string => `00-${traceId}-${SPAN}-01`;

@RealtimeGateway('traced')
class TracedGateway {
  private readonly logger = new Logger('Traced');

  @SubscribeMessage('traced.work')
  async work(): Promise<object> {
    await delay(1);
    this.logger.log('at work');
    trace.getTracer('add-on').startSpan('inner work').end();
    return {};
  }

  @SubscribeMessage('traced.fail')
  fail(): never {
    throw new Error('broken');
  }
}

@Module({ providers: [TracedGateway] })
class TracedModule {}

@Module({ imports: [ParleyModule.register({ features: [TracedModule] })] })
class TracedApp {}

const recordsIn = (server: TestServer): Json[] => server.logs.map((line) => JSON.parse(line) as Json);

describe('without an SDK of tracing', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ module: TracedApp });
  });
  afterAll(() => server.close());

  const faultOf = async (frame: object, headers: Record<string, string> = {}): Promise<Json> => {
    const client = await server.connect('ann', { headers });
    client.send({ event: 'traced.fail', id: 'f', ...frame });
    const { ref } = await client.next('exception');
    const record = recordsIn(server).find((one) => one['ref'] === ref);
    return { record, connectionId: client.ready['connectionId'] };
  };

  it('a fault’s record names the trace of its frame, and the connection', async () => {
    const { record, connectionId } = await faultOf({ traceparent: parentOf(TRACE) });
    expect(record).toMatchObject({ event: 'traced.fail', connectionId, traceId: TRACE });
  });

  it('a fault’s record names the trace of the upgrade when the frame names none', async () => {
    const { record } = await faultOf({}, { traceparent: parentOf(OTHER_TRACE) });
    expect(record).toMatchObject({ traceId: OTHER_TRACE });
  });

  it.each([
    7,
    'nonsense',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `${parentOf(TRACE)}\n{"level":"fatal"}`,
    { a: 1 },
  ])('the traceparent %j is passed over', async (traceparent) => {
    const { record } = await faultOf({ traceparent });
    expect(record).toMatchObject({ event: 'traced.fail' });
    expect(record).not.toHaveProperty('traceId');
  });
});

describe('with an SDK of tracing', () => {
  const exporter = new InMemorySpanExporter();
  let server: TestServer;

  beforeAll(async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    server = await startServer({ module: TracedApp });
  });
  afterAll(async () => {
    await server.close();
    trace.disable();
    context.disable();
  });
  beforeEach(() => exporter.reset());

  const spanOf = (name: string): ReadableSpan => {
    const span = exporter.getFinishedSpans().find((one) => one.name === name);
    if (span === undefined) throw new Error(`there is no span ${name}`);
    return span;
  };

  it('a request is a span of the trace that its frame names, and what it does belongs to it', async () => {
    const client = await server.connect('ann');
    client.send({ event: 'traced.work', id: 'w', traceparent: parentOf(TRACE) });
    await client.next('traced.work');
    const [request, inner] = [spanOf('traced.work'), spanOf('inner work')];
    expect(request.spanContext().traceId).toBe(TRACE);
    expect(request.parentSpanContext?.spanId).toBe(SPAN);
    expect(request.attributes).toMatchObject({
      'parley.outcome': 'ok',
      'parley.connection_id': client.ready['connectionId'],
    });
    expect(inner.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(recordsIn(server).find(({ msg }) => msg === 'at work')).toMatchObject({
      traceId: TRACE,
      spanId: request.spanContext().spanId,
      connectionId: client.ready['connectionId'],
    });
  });

  it('the requests of a connection belong to the trace of its upgrade, unless their frames say otherwise', async () => {
    const client = await server.connect('ann', { headers: { traceparent: parentOf(OTHER_TRACE) } });
    await client.request('auth.whoami');
    const [upgrade, request] = [spanOf('upgrade'), spanOf('auth.whoami')];
    expect(upgrade.spanContext().traceId).toBe(OTHER_TRACE);
    expect(request.spanContext().traceId).toBe(OTHER_TRACE);
    expect(upgrade.attributes).toEqual({ 'parley.outcome': 'ok' });
  });

  it('an outcome that is our fault is an error, one that is the client’s is not', async () => {
    const client = await server.connect('ann');
    await client.request('traced.fail').catch(() => undefined);
    await client.request('room.get', { roomId: 'none' }).catch(() => undefined);
    await server.open().catch(() => undefined);
    expect(spanOf('traced.fail').status).toEqual({ code: SpanStatusCode.ERROR, message: 'INTERNAL' });
    expect(spanOf('room.get').status.code).toBe(SpanStatusCode.UNSET);
    const upgrades = exporter.getFinishedSpans().filter(({ name }) => name === 'upgrade');
    expect(upgrades.map(({ attributes }) => attributes['parley.outcome'])).toEqual(['ok', 'UNAUTHENTICATED']);
  });
});
