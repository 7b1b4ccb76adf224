import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ErrorReporter, notFound, problemOf, traceParentIn } from '../../realtime/index.js';

/** Answers every error of an HTTP route with a problem document. Errors of frames go on to the kernel. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly reporter: ErrorReporter,
    private readonly host: HttpAdapterHost,
  ) {}

  catch(error: unknown, context: ArgumentsHost): void {
    // Nest gives global filters the errors of frames too.
    if (context.getType() !== 'http') throw error;
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const { httpAdapter } = this.host;
    const traceId = traceParentIn(request.headers['traceparent'])?.traceId;
    const reported = this.reporter.report(safeError(error), {
      method: request.method,
      path: pathOf(request),
      ...(traceId && { traceId }),
    });
    if (httpAdapter.isHeadersSent(response)) {
      response.destroy();
      return;
    }
    const { body, headers } = problemOf(reported);
    httpAdapter.status(response, reported.status);
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.end(response, body);
  }
}

/** Nest's answer to an unknown route repeats its address, which may hold a ticket. */
function safeError(error: unknown): unknown {
  const isUnknownRoute = error instanceof NotFoundException && error.message.startsWith('Cannot ');
  return isUnknownRoute ? notFound('route') : error;
}

/** The query may hold a ticket, and has no place in the log. */
function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '';
}
