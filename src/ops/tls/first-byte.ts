import type { Server, Socket } from 'node:net';

/** The type of a TLS record that a handshake begins with (RFC 8446 section 5.1). */
const HANDSHAKE = 0x16;

/** What is done with connections of a TLS server that do not begin as TLS does. */
export interface FirstByteOptions {
  /** A connection that says nothing for this long, in milliseconds, is closed. */
  readonly timeoutMs: number;
  readonly refuse: (socket: Socket) => void;
}

/**
 * Looks at the first byte of each connection of a TLS server: one that begins otherwise than TLS does, mostly with a plain HTTP
 * request, would else be cut off without a word. Call it before the server has connections.
 */
export function lookAtFirstByte(server: Server, { timeoutMs, refuse }: FirstByteOptions): void {
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), timeoutMs).unref();
    socket.on('error', ignoreError);
    socket.once('close', () => clearTimeout(timer));
    socket.once('data', (chunk: Buffer) => {
      clearTimeout(timer);
      socket.pause();
      if (chunk[0] !== HANDSHAKE) {
        refuse(socket);
        return;
      }
      // TLS begins with what has been read but not consumed.
      socket.unshift(chunk);
      socket.off('error', ignoreError);
      for (const listener of listeners) listener.call(server, socket);
    });
  });
}

function ignoreError(): void {}
