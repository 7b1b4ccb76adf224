import { decode, encode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';
import { Backlog } from './backlog.js';
import { type Json, type ReceivedFrame, RequestFailed, UpgradeRefused } from './frames.js';

const DEFAULT_TIMEOUT_MS = 5000;

/** Answers are read off the socket in order, so two round trips outlast what the first one set off. */
const SILENCE_ROUND_TRIPS = 2;

/** What the upgrade request carries. */
export interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
}

/** How a connection ended; 1005 and 1006 are what `ws` reports for no code and no close frame. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

interface PendingRequest {
  readonly event: string;
  resolve(data: Json): void;
  reject(error: Error): void;
}

/** A client of the service on a real WebSocket. */
export class TestClient {
  /** Resolves when the socket has closed, for whatever reason. */
  readonly closed: Promise<Closed>;
  /** The `data` of the `ready` push. */
  ready: Json = {};

  private readonly backlog = new Backlog();
  private readonly pending = new Map<string | number, PendingRequest>();
  private lastId = 0;

  private constructor(
    /** The socket itself, for what this class has no words for. */
    readonly ws: WebSocket,
  ) {
    ws.on('message', (data: Buffer, isBinary) => {
      for (const frame of framesIn(data, isBinary)) this.receive(frame);
    });
    ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        this.end(code, reason.toString());
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Opens a socket and waits for its upgrade alone. Rejects with `UpgradeRefused`. */
  static async open(url: string, { headers = {}, subprotocols = [] }: OpenOptions = {}): Promise<TestClient> {
    const ws = new WebSocket(url, [...subprotocols], { headers });
    const client = new TestClient(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
      ws.once('unexpected-response', (_, response) => {
        const body: Buffer[] = [];
        response.on('data', (chunk: Buffer) => body.push(chunk));
        // An answer that breaks off has a `close` and no `end`.
        response.on('close', () =>
          reject(
            new UpgradeRefused(response.statusCode ?? 0, response.headers, Buffer.concat(body).toString()),
          ),
        );
      });
    });
    return client;
  }

  /** Opens a socket and waits for `ready`. */
  static async connect(url: string, options?: OpenOptions): Promise<TestClient> {
    const client = await TestClient.open(url, options);
    client.ready = await client.next('ready');
    return client;
  }

  /** Sends a request and gives the reply's `data`. Rejects with `RequestFailed`. */
  async request(event: string, data: object = {}): Promise<Json> {
    const id = ++this.lastId;
    const answer = new Promise<Json>((resolve, reject) => this.pending.set(id, { event, resolve, reject }));
    this.send({ event, data, id });
    return await answer;
  }

  /** Sends a message as it is: text, bytes, or an object as the subprotocol has it. Answers to it are taken with `next`. */
  send(frame: string | Buffer | object): void {
    const isRaw = typeof frame === 'string' || Buffer.isBuffer(frame);
    this.ws.send(isRaw ? frame : this.encoded(frame));
  }

  /** Takes the oldest push of this name that fits and was not taken yet; waits for it if need be. */
  async next(
    event: string,
    fits: (data: Json) => boolean = () => true,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<Json> {
    return (await this.backlog.take(event, fits, timeoutMs)).data;
  }

  /** As `next`, with the whole frame. */
  async nextFrame(event: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<ReceivedFrame> {
    return await this.backlog.take(event, () => true, timeoutMs);
  }

  /** The pushes that arrived and were not taken, oldest first. */
  waiting(event?: string): readonly ReceivedFrame[] {
    return this.backlog.waiting(event);
  }

  /**
   * Fails when a push of this name (without one: any push) is there that nobody took, or arrives before the service has
   * answered this client once more. It waits for those answers, not for time.
   */
  async expectSilence(event?: string): Promise<void> {
    for (let trip = 0; trip < SILENCE_ROUND_TRIPS; trip++) await this.request('auth.whoami');
    const [unexpected] = this.waiting(event);
    if (unexpected !== undefined) {
      throw new Error(`expected silence, but there is ${JSON.stringify(unexpected)}`);
    }
  }

  /** Closes in the orderly way and waits for the end. */
  async close(): Promise<Closed> {
    this.ws.close(1000);
    return await this.closed;
  }

  /** Cuts the connection without a word. */
  async terminate(): Promise<void> {
    this.ws.terminate();
    await this.closed;
  }

  private encoded(frame: object): string | Uint8Array {
    const json = JSON.stringify(frame);
    return this.ws.protocol === 'superchat' ? encode([JSON.parse(json)]) : json;
  }

  private receive(frame: ReceivedFrame): void {
    const request = frame.id === undefined ? undefined : this.pending.get(frame.id);
    if (request === undefined || frame.id === undefined) {
      this.backlog.add(frame);
      return;
    }
    this.pending.delete(frame.id);
    if (frame.event === 'exception') request.reject(new RequestFailed(request.event, frame.data));
    else request.resolve(frame.data);
  }

  private end(code: number, reason: string): void {
    const words = `the connection closed with ${code} ${reason}`.trim();
    this.backlog.end(words);
    for (const request of this.pending.values()) request.reject(new Error(`${request.event}: ${words}`));
    this.pending.clear();
  }
}

/** `chat` has a frame in each message, `superchat` an array of them. */
function framesIn(message: Buffer, isBinary: boolean): ReceivedFrame[] {
  if (isBinary) return decode(message) as ReceivedFrame[];
  return [JSON.parse(message.toString()) as ReceivedFrame];
}
