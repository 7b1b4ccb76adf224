import { isObservable, type Observable } from 'rxjs';
import { RealtimeError } from '../errors/realtime-error.js';
import type { ErrorReporter } from '../errors/error-reporter.js';
import type { InboundFrame } from '../frames/inbound-frame.js';
import type { Invocation } from '../gateways/invocation.js';
import type { Ordering } from '../gateways/ordered.decorator.js';
import { encodeFailure, encodeReply } from './answer.js';
import type { Deadlines, Due } from './deadlines.js';
import type { Peer, PendingRequest, RequestProgress } from './request-reader.js';
import { RescuedByFilter } from './rescue.js';
import type { Route } from './route-table.js';

/** What every call needs of the dispatcher. */
export interface CallServices {
  readonly errors: ErrorReporter;
  readonly deadlines: Deadlines;
}

/** One run of a handler, from its frame to its one answer. */
export class HandlerCall implements PendingRequest, Invocation, Due {
  dueAtMs = 0;
  private progress: RequestProgress | undefined;

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

  get id(): string | number | undefined {
    return this.frame.id;
  }

  start(progress: RequestProgress): void {
    this.progress = progress;
    this.services.deadlines.set(this);
    void this.run();
  }

  onAppending(admitted: Promise<unknown>): void {
    const admit = (): void => this.progress?.admit();
    admitted.then(admit, admit);
  }

  /** The handler took too long: what it does may still happen, so the outcome is not known. */
  onMissed(): void {
    this.fail(new RealtimeError('UNKNOWN', 'the request took too long, its outcome is not known'));
  }

  private async run(): Promise<void> {
    const { data } = this.frame;
    const body = this.route.kind === 'house' ? (data ?? {}) : data;
    try {
      const result = await this.route.handle(this.connection.facade, body, this, this.route.event);
      if (isObservable(result)) this.follow(result);
      else this.succeed(result);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The first value is the answer; those after it are pushes of the same form. */
  private follow(values: Observable<unknown>): void {
    const subscription = values.subscribe({
      next: (value) => {
        if (this.progress === undefined) this.sendAlong(value);
        else this.succeed(value);
      },
      error: (error: unknown) => this.fail(error),
      complete: () => this.succeed(undefined),
    });
    if (!subscription.closed) this.connection.onceClosed(() => subscription.unsubscribe());
  }

  private succeed(result: unknown): void {
    if (this.progress === undefined) return;
    try {
      this.answer(result instanceof RescuedByFilter ? this.failureOf(result) : this.reply(result, this.id));
    } catch (error) {
      // What cannot be written as JSON is a fault of the handler's.
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.progress === undefined) return;
    const where = { connectionId: this.connection.id, event: this.event };
    this.answer(encodeFailure(this.services.errors.report(error, where), this.id, this.event));
  }

  private answer(frame: Buffer | undefined): void {
    const { progress } = this;
    this.progress = undefined;
    this.services.deadlines.cancel(this);
    progress?.settle(frame);
  }

  private sendAlong(value: unknown): void {
    if (value === undefined || value === null) return;
    const frame = this.reply(value, undefined);
    if (frame !== undefined) this.connection.write(frame);
  }

  /** A plain handler without a result is answered only if the frame had an `id`. */
  private reply(result: unknown, id: string | number | undefined): Buffer | undefined {
    if (this.route.kind === 'house') return encodeReply(this.event, id, result ?? {});
    if (result === undefined || result === null) {
      return id === undefined ? undefined : encodeReply(this.event, id, {});
    }
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
