import { connect, type Socket } from 'node:net';

/** A request, byte by byte as a test wants it. A header that is `null` is left out; one with several values is repeated. */
export interface RawRequest {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** Bytes that follow the request at once. */
  readonly behind?: Buffer;
}

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const HANDSHAKE = {
  Host: 'parley.test',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'X-User': 'ann',
};

/** Writes a handshake of user `ann` that is right but for what `request` changes in it. */
export function handshake({ method, target, version, headers }: RawRequest = {}): string {
  const fields = Object.entries({ ...HANDSHAKE, ...headers }).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  const start = `${method ?? 'GET'} ${target ?? '/ws'} HTTP/${version ?? '1.1'}`;
  return [start, ...fields, '', ''].join('\r\n');
}

/**
 * Sends a handshake over a plain socket. A refusal is returned when the service has closed the socket, which fails the test
 * if it does not; a 101 is returned at once and hung up on.
 */
export async function exchange(port: number, request: RawRequest = {}): Promise<RawResponse> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from(handshake(request)), request.behind ?? Buffer.alloc(0)]));
  try {
    return parse(await read(socket));
  } finally {
    socket.destroy();
  }
}

function read(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`the socket stayed open after: ${text}`)), 3000);
    const done = (): void => {
      clearTimeout(timer);
      resolve(text);
    };
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) done();
    });
    socket.on('error', () => undefined);
    socket.on('close', done);
  });
}

function parse(text: string): RawResponse {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [start = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return { status: Number(start.split(' ')[1]), headers: Object.fromEntries(headers), body };
}
