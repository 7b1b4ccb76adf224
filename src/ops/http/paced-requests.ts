import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

const STATUS_OF: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Lets a handler take its own time for a large body. The server's `requestTimeout` is for small ones; a handler that has
 * set a time-out of its own on the request (`request.setTimeout`), which a standstill runs into, is exempt from it. All
 * other faults of a connection are answered as Node answers them.
 */
export function exemptPacedRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isPaced(socket)) return;
    if (socket.writable && answerOf(socket)?.headersSent !== true) {
      const status = STATUS_OF[error.code ?? ''] ?? 400;
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy(error);
  });
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
