import type { IncomingMessage, ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { RouteTable } from '../dispatch/route-table.js';
import { ErrorReporter } from '../errors/error-reporter.js';
import { problemOf } from '../errors/problem.js';
import { RealtimeError } from '../errors/realtime-error.js';
import { answerHeaders } from '../http/answer-headers.js';
import { RealtimeAdapter } from './realtime.adapter.js';

/** Puts the kernel behind an application's gateways. Call it once, before the application listens. */
export function useRealtime(app: INestApplication): void {
  app.useWebSocketAdapter(app.get(RealtimeAdapter));
  const routes = app.get(RouteTable);
  const errors = app.get(ErrorReporter);
  app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (routes.at(path) === undefined) next();
    else refusePlainRequest(request, response, errors);
  });
}

/** A request to a gateway's path that asks for no upgrade. */
function refusePlainRequest(request: IncomingMessage, response: ServerResponse, errors: ErrorReporter): void {
  const error =
    request.method === 'GET'
      ? new RealtimeError('BAD_HANDSHAKE', 'this path takes WebSocket upgrades only')
      : new RealtimeError('METHOD_NOT_ALLOWED', 'a WebSocket is opened with GET');
  const reported = errors.report(error, {});
  const { body, headers } = problemOf(reported);
  response.writeHead(reported.status, {
    ...answerHeaders(request.socket),
    ...headers,
    ...(reported.status === 405 && { Allow: 'GET' }),
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  response.end(body);
}
