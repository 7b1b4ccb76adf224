import { once } from 'node:events';
import { decode, encode } from '@msgpack/msgpack';
import { type ClientOptions, WebSocket } from 'ws';

/** A frame as it came. */
export interface Frame {
  readonly event: string;
  readonly id?: string | number;
  readonly data: Record<string, unknown>;
}

const PATIENCE_MS = 5000;

/** A `ws` client that keeps every frame until a test asks for it. */
export class RawClient {
  readonly frames: Frame[] = [];
  /** Messages that have come; on `superchat`, one may hold many frames. */
  messages = 0;
  readonly closed: Promise<{ code: number; reason: string }>;
  private waiting: (() => void)[] = [];

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (message: Buffer, isBinary) => {
      const frames = isBinary ? (decode(message) as Frame[]) : [JSON.parse(message.toString()) as Frame];
      this.frames.push(...frames);
      this.messages++;
      this.wake();
    });
    ws.on('error', () => undefined);
    this.closed = once(ws, 'close').then(([code, reason]) => {
      this.wake();
      return { code: code as number, reason: (reason as Buffer).toString() };
    });
  }

  /** Opens a connection; rejects with the status and the problem document when the upgrade is refused. */
  static async open(url: string, options: ClientOptions = {}, protocols: string[] = []): Promise<RawClient> {
    const ws = new WebSocket(url, protocols, options);
    const client = new RawClient(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
      ws.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () =>
          reject(new UpgradeRejected(response.statusCode ?? 0, body, response.headers)),
        );
      });
    });
    return client;
  }

  send(frame: unknown): void {
    const json = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.ws.send(this.ws.protocol === 'superchat' ? encode([JSON.parse(json)]) : json);
  }

  /** Takes the first frame, kept or to come, that `matches`. */
  async take(matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const at = this.frames.findIndex(matches);
      const [frame] = at === -1 ? [] : this.frames.splice(at, 1);
      if (frame !== undefined) return frame;
      await this.change(deadline);
    }
  }

  /** Sends a request and takes its answer. */
  async ask(
    event: string,
    data?: unknown,
    id: string | number = `${event}-${Math.random()}`,
  ): Promise<Frame> {
    this.send({ event, id, data });
    return await this.take((frame) => frame.id === id);
  }

  async takeMany(count: number, matches?: (frame: Frame) => boolean): Promise<Frame[]> {
    const taken: Frame[] = [];
    while (taken.length < count) taken.push(await this.take(matches));
    return taken;
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }

  private async change(deadline: number): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED)
      throw new Error(`closed; kept: ${JSON.stringify(this.frames).slice(0, 2000)}`);
    await new Promise<void>((resolve, reject) => {
      const late = (): void =>
        reject(new Error(`nothing came; kept: ${JSON.stringify(this.frames).slice(0, 2000)}`));
      const timer = setTimeout(late, deadline - Date.now());
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

export class UpgradeRejected extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
    readonly headers: Readonly<Record<string, unknown>>,
  ) {
    super(`upgrade refused: ${status} ${body}`);
  }

  get problem(): Record<string, unknown> {
    return JSON.parse(this.body) as Record<string, unknown>;
  }
}
