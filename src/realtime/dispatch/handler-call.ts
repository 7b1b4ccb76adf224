import type { SpanContext } from '@opentelemetry/api';
import { isObservable, type Observable, Subscription } from 'rxjs';
import { RealtimeError } from '../errors/realtime-error.js';
import type { ReportedError } from '../errors/error-reporter.js';
import type { FrameId, InboundFrame } from '../frames/inbound-frame.js';
import type { Invocation } from '../gateways/invocation.js';
import type { Ordering } from '../gateways/ordered.decorator.js';
import { OK } from '../metrics/outcome.js';
import { traceParentIn } from '../tracing/trace-parent.js';
import type { TracedWork } from '../tracing/tracing.js';
import { failureOf, replyOf } from './answer.js';
import type { CallServices } from './call-services.js';
import type { Due } from './deadlines.js';
import type { Peer, PendingRequest, RequestProgress } from './request-reader.js';
import { RescuedByFilter } from './rescue.js';
import type { Route } from './route-table.js';

/** One run of a handler, from its frame to its one answer. */
export class HandlerCall implements PendingRequest, Invocation, Due {
  dueAtMs = 0;
  private progress: RequestProgress | undefined;
  /** Whether values may follow the answer. */
  private isStreaming = false;
  private values: Subscription | undefined;
  /** `ok`, or the code of the failure that was told. */
  private outcome = OK;
  /** `undefined` when nobody traces. */
  private trace: TracedWork | undefined;

  constructor(
    readonly connection: Peer,
    private readonly route: Route,
    private readonly frame: InboundFrame,
    private readonly services: CallServices,
  ) {}

  get ordering(): Ordering {
    return this.route.ordering;
  }

  get roomId(): string | undefined {
    return this.route.ordering === 'room' ? roomOf(this.frame.data) : undefined;
  }

  get event(): string {
    return this.route.event;
  }

  /** Its span is named after the event. */
  get name(): string {
    return this.route.event;
  }

  get connectionId(): string {
    return this.connection.id;
  }

  /** The trace that the client named: in the frame, or for the whole connection. */
  get parent(): SpanContext | undefined {
    return traceParentIn(this.frame.traceparent) ?? this.connection.trace;
  }

  get id(): string | number | undefined {
    return this.frame.id;
  }

  start(progress: RequestProgress): void {
    this.progress = progress;
    this.services.deadlines.set(this);
    this.trace = this.services.tracing.start(this);
    void this.run();
  }

  onAppending(admitted: Promise<unknown>): void {
    const admit = (): void => this.progress?.admit();
    admitted.then(admit, admit);
  }

  /** The handler took too long: what it does may still happen, so the outcome is not known. */
  onMissed(): void {
    this.values?.unsubscribe();
    // A stream whose client has gone was left unanswered on purpose.
    if (this.isStreaming && !this.connection.isAttached) this.answer(undefined);
    else this.fail(new RealtimeError('UNKNOWN', 'the request took too long, its outcome is not known'));
  }

  private async run(): Promise<void> {
    const { kind, handler, event } = this.route;
    const { data } = this.frame;
    const args = [this.connection.facade, kind === 'house' ? (data ?? {}) : data, this, event];
    try {
      const result = await (this.trace === undefined
        ? handler.handle(...args)
        : this.runTraced(this.trace, args));
      if (isObservable(result)) this.follow(result, args);
      else this.succeed(result);
    } catch (error) {
      await this.rescue(error, args);
    }
  }

  private runTraced(trace: TracedWork, args: readonly unknown[]): unknown {
    return trace.run(() => this.route.handler.handle(...args));
  }

  private async rescue(error: unknown, args: readonly unknown[]): Promise<void> {
    try {
      this.succeed(await this.route.handler.rescue(error, args));
    } catch (unanswered) {
      this.fail(unanswered);
    }
  }

  /** The first value is the answer; those after it are pushes of the same form. They end with the connection. */
  private follow(values: Observable<unknown>, args: readonly unknown[]): void {
    if (this.progress === undefined || !this.connection.isAttached) {
      this.answer(undefined);
      return;
    }
    this.isStreaming = true;
    this.values = values.subscribe({
      next: (value) => this.succeed(value),
      error: (error: unknown) => void this.rescue(error, args),
      complete: () => this.complete(),
    });
    if (!this.values.closed) endingWith(this.connection).add(this.values);
  }

  private complete(): void {
    if (this.progress !== undefined) this.succeed(undefined);
  }

  private succeed(result: unknown): void {
    const isAnswer = this.progress !== undefined;
    if (!isAnswer && (!this.isStreaming || result === undefined || result === null)) return;
    this.tell(this.encoded(result, isAnswer ? this.id : undefined));
  }

  /** A handler fails once; so does a stream of values, which may have been answered before. */
  private fail(error: unknown): void {
    if (this.progress === undefined && !this.isStreaming) return;
    this.tell(this.failure(error, this.progress === undefined ? undefined : this.id));
  }

  /** The first frame of a request is its answer, with its `id`; what a stream tells later is sent along. */
  private tell(frame: Buffer | undefined): void {
    if (this.progress !== undefined) this.answer(frame);
    else if (frame !== undefined) this.connection.write(frame);
  }

  private answer(frame: Buffer | undefined): void {
    const { progress } = this;
    this.progress = undefined;
    const durationMs = this.services.deadlines.cancel(this);
    if (progress === undefined) return;
    this.route.meter.answered(this.outcome, durationMs);
    this.trace?.end(this.outcome);
    progress.settle(frame);
  }

  /** What cannot be written as JSON is a fault of the handler's. */
  private encoded(result: unknown, id: FrameId | undefined): Buffer | undefined {
    try {
      const json = result instanceof RescuedByFilter ? this.rescued(result, id) : this.reply(result, id);
      return json === undefined ? undefined : this.connection.codec.encode(json);
    } catch (error) {
      return this.failure(error, id);
    }
  }

  private failure(error: unknown, id: FrameId | undefined): Buffer {
    const reported = this.report(error);
    this.outcome = reported.code;
    return this.connection.codec.encode(failureOf(reported, id, this.event));
  }

  private report(error: unknown): ReportedError {
    const traceId = this.trace?.traceId ?? this.parent?.traceId;
    const where = { connectionId: this.connection.id, event: this.event, ...(traceId && { traceId }) };
    return this.services.errors.report(error, where);
  }

  /** A plain handler without a result is answered only if the frame had an `id`. */
  private reply(result: unknown, id: FrameId | undefined): string | undefined {
    if (this.route.kind === 'house') return replyOf(this.event, id, result ?? {});
    if (result === undefined || result === null) {
      return id === undefined ? undefined : replyOf(this.event, id, {});
    }
    return isWsResponse(result) ? replyOf(result.event, id, result.data) : replyOf(this.event, id, result);
  }

  /** What a filter sent, without the caller's data. Unless it chose a code, the error that it took decides on that. */
  private rescued({ data, error }: RescuedByFilter, id: FrameId | undefined): string {
    const { code, message, cause: _callersData, status: _always, ...extra } = data as Record<string, unknown>;
    const known =
      typeof code === 'string' ? { code, status: 0, message: 'refused' } : withoutDetails(this.report(error));
    const told = typeof message === 'string' ? message : known.message;
    this.outcome = known.code;
    return failureOf({ ...known, message: told, extra }, id, this.event);
  }
}

function withoutDetails({ details: _filtered, ...reported }: ReportedError): ReportedError {
  return reported;
}

/** What ends with a connection: one listener on its socket, however many streams it has had. */
const endings = new WeakMap<Peer, Subscription>();

function endingWith(connection: Peer): Subscription {
  const known = endings.get(connection);
  if (known !== undefined) return known;
  const ending = new Subscription();
  endings.set(connection, ending);
  connection.onceClosed(() => ending.unsubscribe());
  return ending;
}

export function roomOf(data: unknown): string | undefined {
  const roomId = (data as { roomId?: unknown } | null | undefined)?.roomId;
  return typeof roomId === 'string' ? roomId : undefined;
}

/** Nest's `WsResponse`: a handler's own choice of the event. */
function isWsResponse(result: unknown): result is { event: string; data: unknown } {
  return (
    typeof result === 'object' && result !== null && typeof (result as { event?: unknown }).event === 'string'
  );
}
