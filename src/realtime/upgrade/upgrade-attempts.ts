import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ErrorReporter } from '../errors/error-reporter.js';
import { RealtimeError } from '../errors/realtime-error.js';
import { refuseSocket } from '../http/refuse-socket.js';
import { OK } from '../metrics/outcome.js';
import { Traffic } from '../metrics/traffic.js';
import { traceParentIn } from '../tracing/trace-parent.js';
import { Tracing } from '../tracing/tracing.js';
import { UpgradeRefused } from './upgrade-refusal.js';

/** An upgrade while it is being looked at. It ends in one of three ways. */
export interface UpgradeAttempt {
  /** It passed; the handshake follows. */
  admitted(): void;
  /** Answers it with the error's problem document. */
  refused(error: unknown): void;
  /** There is nobody to answer any more. */
  gone(): void;
}

/** Tells of each upgrade what became of it: the client, the log, the metrics, and the trace if there is one. */
@Injectable()
export class UpgradeAttempts {
  constructor(
    private readonly errors: ErrorReporter,
    private readonly traffic: Traffic,
    private readonly tracing: Tracing,
  ) {}

  begin(request: IncomingMessage, socket: Duplex): UpgradeAttempt {
    const parent = traceParentIn(request.headers['traceparent']);
    const trace = this.tracing.start({ name: 'upgrade', parent });
    const traceId = trace?.traceId ?? parent?.traceId;
    return {
      admitted: () => trace?.end(OK),
      refused: (error) => {
        const where = { upgrade: pathOf(request), ...(traceId && { traceId }) };
        const code = this.refuse(socket, error, where);
        trace?.end(code);
      },
      gone: () => {
        socket.destroy();
        this.traffic.upgradeGone();
        trace?.end('gone');
      },
    };
  }

  /** Answers a handshake that passed every check here and still was not understood. */
  refuseHandshake(socket: Duplex, message: string): void {
    this.refuse(socket, new RealtimeError('BAD_HANDSHAKE', message), {});
  }

  private refuse(socket: Duplex, error: unknown, where: Readonly<Record<string, unknown>>): string {
    const headers = error instanceof UpgradeRefused ? error.headers : {};
    const reported = this.errors.report(error, where);
    this.traffic.upgradeRefused(reported.code);
    refuseSocket(socket, reported, headers);
    return reported.code;
  }
}

/** The path without its query, which may hold a credential. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}
