import { connect, type Socket } from 'node:net';
import { closing, frame, type FrameOptions, OPCODE } from './frame.js';

const PATIENCE_MS = 8000;

/** A frame from the server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly isMasked: boolean;
  readonly payload: Buffer;
}

/** How a connection ended. `code` is that of the server's close frame: 1005 without one in it, `null` without a frame. */
export interface Ending {
  readonly code: number | null;
  readonly reason: string;
}

export interface WireOptions {
  readonly token: string;
  readonly extensions?: string;
  readonly subprotocol?: string;
}

/** A client of bytes: it masks, frames and closes as a test tells it, and answers nothing by itself. */
export class WireClient {
  readonly frames: ServerFrame[] = [];
  /** Resolves when the TCP connection is closed. */
  readonly ended: Promise<Ending>;
  /** The `ready` push. */
  ready: ServerFrame | undefined;
  /** The handshake's answer, headers included. */
  head = '';
  private bytes = Buffer.alloc(0);
  private waiting: (() => void)[] = [];
  private isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.read();
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.isClosed = true;
        this.wake();
        resolve(this.ending);
      });
    });
  }

  /** Shakes hands and takes the `ready` push. */
  static async open(url: string, options: WireOptions): Promise<WireClient> {
    const client = new WireClient(connect(Number(new URL(url).port), '127.0.0.1'));
    client.socket.write(handshakeOf(url, options));
    await client.until(() => client.head !== '', 'an answer to the handshake');
    if (!client.head.startsWith('HTTP/1.1 101 ')) throw new Error(`not opened: ${client.head}`);
    await client.until(() => client.frames.length > 0, 'ready');
    const ready = client.frames.shift();
    client.ready = ready;
    if (ready?.opcode === OPCODE.close)
      throw new Error(`closed before ready: ${ready.payload.toString('hex')}`);
    return client;
  }

  send(payload: string | Buffer, options?: FrameOptions): void {
    this.socket.write(frame(payload, options));
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Takes the first frame that is there or comes, of this opcode if one is given. */
  async next(opcode?: number): Promise<ServerFrame> {
    const fits = (one: ServerFrame): boolean => opcode === undefined || one.opcode === opcode;
    await this.until(() => this.frames.some(fits), `a frame of opcode ${opcode}`);
    const [taken] = this.frames.splice(this.frames.findIndex(fits), 1);
    return taken as ServerFrame;
  }

  /** Sends a request and gives its answer. */
  async ask(event: string, id = 'ask'): Promise<Record<string, unknown>> {
    this.send(JSON.stringify({ event, id }));
    return await this.answer();
  }

  /** The next text frame, as JSON. */
  async answer(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.next(OPCODE.text)).payload.toString()) as Record<string, unknown>;
  }

  /** Waits for the server's close frame, answers it and waits for the end of TCP. */
  async close(): Promise<Ending> {
    await this.until(() => this.isClosed || this.closeFrame !== undefined, 'a close frame');
    if (!this.isClosed) this.send(closing(1000), { opcode: OPCODE.close });
    return await this.ended;
  }

  async until(isTrue: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!isTrue()) {
      if (this.isClosed) throw new Error(`closed (${JSON.stringify(this.ending)}) while waiting for ${what}`);
      await this.change(deadline, what);
    }
  }

  private get closeFrame(): ServerFrame | undefined {
    return this.frames.find(({ opcode }) => opcode === OPCODE.close);
  }

  private get ending(): Ending {
    const { closeFrame } = this;
    if (closeFrame === undefined) return { code: null, reason: '' };
    const { payload } = closeFrame;
    return {
      code: payload.length === 0 ? 1005 : payload.readUInt16BE(),
      reason: payload.toString('utf8', 2),
    };
  }

  private read(): void {
    if (this.head === '' && !this.readHead()) return;
    for (let one = this.readFrame(); one !== undefined; one = this.readFrame()) this.frames.push(one);
  }

  private readHead(): boolean {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end === -1) return false;
    this.head = this.bytes.toString('latin1', 0, end);
    this.bytes = this.bytes.subarray(end + 4);
    return true;
  }

  private readFrame(): ServerFrame | undefined {
    const [first = 0, second = 0] = this.bytes;
    const short = second & 0x7f;
    const header = { 126: 4, 127: 10 }[short] ?? 2;
    if (this.bytes.length < header) return undefined;
    const length = lengthIn(this.bytes, short);
    if (this.bytes.length < header + length) return undefined;
    const payload = this.bytes.subarray(header, header + length);
    this.bytes = this.bytes.subarray(header + length);
    return {
      opcode: first & 0x0f,
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      isMasked: (second & 0x80) !== 0,
      payload,
    };
  }

  private async change(deadline: number, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new Error(`${what} did not come`));
      const timer = setTimeout(late, deadline - Date.now());
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function lengthIn(bytes: Buffer, short: number): number {
  if (short === 126) return bytes.readUInt16BE(2);
  return short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
}

/** The bytes of a handshake. */
export function handshakeOf(url: string, { token, extensions, subprotocol }: WireOptions): string {
  const headers = [
    'GET /ws HTTP/1.1',
    `Host: ${new URL(url).host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${token}`,
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
  ];
  return `${headers.join('\r\n')}\r\n\r\n`;
}
