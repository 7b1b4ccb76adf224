import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

const SCOPE = 'parley';
const CONNECTION = createContextKey('parley.connection');

/** Outcomes that are our fault; all others are the client's business. */
const FAULTS: ReadonlySet<string> = new Set(['INTERNAL', 'UNAVAILABLE', 'UNKNOWN']);

/** What is to be traced. */
export interface Work {
  /** The span's name: one of a few. */
  readonly name: string;
  /** What it is a part of; a trace of its own begins without. */
  readonly parent: SpanContext | undefined;
  readonly connectionId?: string;
}

/** What the log tells of the trace in which a record is written. */
export interface TraceFields {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly connectionId?: string;
}

/** A piece of work that is being traced. */
export class TracedWork {
  constructor(
    private readonly span: Span,
    private readonly context: Context,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  /** Runs a part of it: spans that begin there, and what is logged there, belong to it. */
  run<Result>(part: () => Result): Result {
    return context.with(this.context, part);
  }

  /** It is over, with `ok` or a code. */
  end(outcome: string): void {
    this.span.setAttribute('parley.outcome', outcome);
    if (FAULTS.has(outcome)) this.span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    this.span.end();
  }
}

/**
 * Spans for whoever has registered an SDK of OpenTelemetry before the start; without one nothing is traced, and it costs
 * the look at a field.
 */
@Injectable()
export class Tracing implements OnApplicationBootstrap {
  private tracer: Tracer | undefined;

  onApplicationBootstrap(): void {
    if (hasProvider()) this.tracer = trace.getTracer(SCOPE);
  }

  /** Begins a span; `undefined` when nobody traces. */
  start(work: Work): TracedWork | undefined {
    if (this.tracer === undefined) return undefined;
    const { name, parent, connectionId } = work;
    const attributes: Attributes = connectionId === undefined ? {} : { 'parley.connection_id': connectionId };
    const around = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = this.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, around);
    const inside = trace.setSpan(around, span);
    return new TracedWork(
      span,
      connectionId === undefined ? inside : inside.setValue(CONNECTION, connectionId),
    );
  }
}

/** The trace and the connection in whose work this is called; empty outside of traced work. */
export function activeTrace(): TraceFields {
  const active = context.active();
  if (active === ROOT_CONTEXT) return {};
  const span = trace.getSpanContext(active);
  const connectionId = active.getValue(CONNECTION);
  return {
    ...(span && { traceId: span.traceId, spanId: span.spanId }),
    ...(typeof connectionId === 'string' && { connectionId }),
  };
}

function hasProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined;
}
