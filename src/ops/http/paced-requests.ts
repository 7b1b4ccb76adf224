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
    if (socket.writable && !hasBegunToAnswer(socket)) {
      const status = STATUS_OF[error.code ?? ''] ?? 400;
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy(error);
  });
}

function isPaced({ timeout = 0, readable }: Socket): boolean {
  return timeout > 0 && readable;
}

/** As Node itself looks at it: a second answer would garble the first. */
function hasBegunToAnswer(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & {
    readonly _httpMessage?: { headersSent: boolean } | null;
  };
  return message?.headersSent === true;
}
