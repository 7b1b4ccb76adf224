import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { refuseSocket, type ReportedError } from '../../realtime/index.js';

const MALFORMED: ReportedError = {
  status: 400,
  code: 'VALIDATION_FAILED',
  message: 'this is no HTTP/1.1 request',
};

/** What is told of the faults of a connection that never became a request. */
const REFUSALS: Readonly<Record<string, ReportedError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'UNAVAILABLE', message: 'the request took too long' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, code: 'TOO_LARGE', message: 'the body is too large' },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'TOO_LARGE', message: 'the headers are too large' },
};

/**
 * Answers what the parser of a server cannot make a request of, and requests that take too long, with a problem document.
 *
 * A handler may take its own time for a large body: the server's `requestTimeout` is for small ones, and a handler that has set
 * a time-out of its own on the request (`request.setTimeout`), which a standstill runs into, is exempt from it.
 */
export function answerClientErrors(server: Server): void {
  const refused = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // What comes after a fault is a fault to the parser too.
    if (refused.has(socket) || (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isPaced(socket))) return;
    refused.add(socket);
    if (isAnswerable(socket, error)) refuseSocket(socket, REFUSALS[error.code ?? ''] ?? MALFORMED);
    else socket.destroy(error);
  });
}

/** There is nobody there any more, or nobody with whom TLS has been agreed on. */
const UNANSWERABLE = /^(?:ECONNRESET|EPROTO|ERR_SSL_|ERR_TLS_)/;

function isAnswerable(socket: Socket, { code = '' }: NodeJS.ErrnoException): boolean {
  return socket.writable && !UNANSWERABLE.test(code) && answerOf(socket)?.headersSent !== true;
}

/** Between requests a socket has a time-out too, while nobody is at work on an answer: that one exempts nothing. */
function isPaced(socket: Socket): boolean {
  return (socket.timeout ?? 0) > 0 && answerOf(socket)?.headersSent === false;
}

/** The answer under way. Node has no other name for it, and looks at it just so: a second one would garble the first. */
function answerOf(socket: Socket): { readonly headersSent: boolean } | null | undefined {
  return (socket as Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null })
    ._httpMessage;
}
