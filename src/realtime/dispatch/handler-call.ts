import { isObservable, type Observable } from 'rxjs';
import type { Cancel } from '../clock/clock.js';
import type { ErrorReporter } from '../errors/error-reporter.js';
import { RealtimeError } from '../errors/realtime-error.js';
import type { InboundFrame } from '../frames/inbound-frame.js';
import { encodeFailure, encodeReply } from './answer.js';
import type { Invocation } from '../gateways/invocation.js';
import type { Peer, RequestProgress } from './request-reader.js';
import { RescuedByFilter } from './rescue.js';
import type { Route } from './route-table.js';

interface CallContext {
  readonly frame: InboundFrame;
  readonly progress: RequestProgress;
  readonly errors: ErrorReporter;
}

/** One run of a handler, from its frame to its one answer. */
export class HandlerCall implements Invocation {
  /** Cancels the time-out. */
  deadline: Cancel | undefined;
  private isAnswered = false;

  constructor(
    private readonly peer: Peer,
    private readonly route: Route,
    private readonly context: CallContext,
  ) {}

  get connection(): Peer {
    return this.peer;
  }

  get event(): string {
    return this.route.event;
  }

  get id(): string | number | undefined {
    return this.context.frame.id;
  }

  onAppending(admitted: Promise<unknown>): void {
    const { progress } = this.context;
    admitted.then(
      () => progress.admitted(),
      () => progress.admitted(),
    );
  }

  run(): void {
    const { data } = this.context.frame;
    const body = this.route.kind === 'house' ? (data ?? {}) : data;
    this.route.handle(this.peer.facade, body, this, this.event).then(
      (result) => (isObservable(result) ? this.follow(result) : this.succeed(result)),
      (error: unknown) => this.fail(error),
    );
  }

  /** The handler took too long: what it does may still happen, so the outcome is not known. */
  timeOut(): void {
    this.fail(new RealtimeError('UNKNOWN', 'the request took too long, its outcome is not known'));
  }

  /** The first value is the answer; those after it are pushes of the same form. */
  private follow(values: Observable<unknown>): void {
    const subscription = values.subscribe({
      next: (value) => {
        if (this.isAnswered) this.sendAlong(value);
        else this.succeed(value);
      },
      error: (error: unknown) => this.fail(error),
      complete: () => this.succeed(undefined),
    });
    if (!subscription.closed) this.peer.onceClosed(() => subscription.unsubscribe());
  }

  private succeed(result: unknown): void {
    if (this.isAnswered) return;
    if (result instanceof RescuedByFilter) this.answer(this.failureOf(result));
    else this.answer(this.reply(result, this.id));
  }

  private fail(error: unknown): void {
    if (this.isAnswered) return;
    const where = { connectionId: this.peer.id, event: this.event };
    this.answer(encodeFailure(this.context.errors.report(error, where), this.id, this.event));
  }

  private answer(frame: Buffer | undefined): void {
    this.isAnswered = true;
    this.deadline?.();
    this.context.progress.settled(frame);
  }

  private sendAlong(value: unknown): void {
    if (value === undefined || value === null) return;
    const frame = this.reply(value, undefined);
    if (frame !== undefined) this.peer.write(frame);
  }

  /** A plain handler without a result is answered only if the frame had an `id`. */
  private reply(result: unknown, id: string | number | undefined): Buffer | undefined {
    if (this.route.kind === 'house') return encodeReply(this.event, id, result ?? {});
    if (result === undefined || result === null)
      return id === undefined ? undefined : encodeReply(this.event, id, {});
    return isWsResponse(result)
      ? encodeReply(result.event, id, result.data)
      : encodeReply(this.event, id, result);
  }

  private failureOf({ data }: RescuedByFilter): Buffer {
    const { code, message, cause: _callersData, status: _always, ...extra } = data as Record<string, unknown>;
    const reported = {
      code: typeof code === 'string' ? code : 'FORBIDDEN',
      message: typeof message === 'string' ? message : 'refused',
      status: 0,
      extra,
    };
    return encodeFailure(reported, this.id, this.event);
  }
}

/** Nest's `WsResponse`: a handler's own choice of the event. */
function isWsResponse(result: unknown): result is { event: string; data: unknown } {
  return (
    typeof result === 'object' && result !== null && typeof (result as { event?: unknown }).event === 'string'
  );
}
