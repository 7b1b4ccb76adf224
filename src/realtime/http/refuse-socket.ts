import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ReportedError } from '../errors/error-reporter.js';
import { problemOf } from '../errors/problem.js';
import { answerHeaders } from './answer-headers.js';

/** How long a refused peer may take to read the answer before its socket is destroyed. */
const LINGER_MS = 1000;

/** Answers a raw socket, which no HTTP answer is under way on, with a problem document and closes it. */
export function refuseSocket(
  socket: Duplex,
  error: ReportedError,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (socket.destroyed) return;
  const { body, headers: problemHeaders } = problemOf(error);
  const fields = {
    ...answerHeaders(socket),
    ...problemHeaders,
    ...headers,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`;
  socket.end([status, ...lines, '', body].join('\r\n'));
  // What the peer still sends is thrown away, so that its end of the socket is seen as soon as it comes.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
