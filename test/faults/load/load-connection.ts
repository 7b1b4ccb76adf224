import { WebSocket } from 'ws';

type Json = Record<string, unknown>;

/** What became of a request: `refused` did nothing, of what is `unknown` nobody knows. */
export type Outcome =
  | { readonly outcome: 'ok'; readonly data: Json }
  | { readonly outcome: 'refused' | 'unknown'; readonly code: string };

const ANSWER_TIMEOUT_MS = 15_000;
const OPEN_TIMEOUT_MS = 3_000;

/** After these codes the request may have been done all the same. */
const UNKNOWN_CODES = new Set(['UNKNOWN', 'INTERNAL']);

export interface ConnectionListener {
  pushed(event: string, data: Json): void;
  closed(code: number, reason: string): void;
}

/** A WebSocket of a client under load. */
export class LoadConnection {
  private readonly pending = new Map<number, (outcome: Outcome) => void>();
  private readonly ws: WebSocket;
  private lastId = 0;

  constructor(
    url: string,
    token: string,
    private readonly listener: ConnectionListener,
  ) {
    this.ws = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: OPEN_TIMEOUT_MS,
    });
    this.ws.on('error', () => undefined);
    this.ws.on('message', (text: Buffer) => this.receive(JSON.parse(text.toString()) as Json));
    this.ws.on('close', (code, reason) => this.end(code, reason.toString()));
  }

  get isOpen(): boolean {
    return this.ws.readyState === WebSocket.OPEN;
  }

  get openRequests(): number {
    return this.pending.size;
  }

  async request(event: string, data: object): Promise<Outcome> {
    if (!this.isOpen) return { outcome: 'refused', code: 'not connected' };
    const id = ++this.lastId;
    return await new Promise((resolve) => {
      const late = setTimeout(() => this.answer(id, { outcome: 'unknown', code: 'late' }), ANSWER_TIMEOUT_MS);
      this.pending.set(id, (outcome) => {
        clearTimeout(late);
        resolve(outcome);
      });
      this.ws.send(JSON.stringify({ event, data, id }));
    });
  }

  close(): void {
    this.ws.close(1000);
  }

  terminate(): void {
    this.ws.terminate();
  }

  private receive({ event, id, data }: Json): void {
    if (id === undefined) this.listener.pushed(String(event), data as Json);
    else if (event !== 'exception') this.answer(id as number, { outcome: 'ok', data: data as Json });
    else {
      const code = String((data as Json)['code']);
      this.answer(id as number, { outcome: UNKNOWN_CODES.has(code) ? 'unknown' : 'refused', code });
    }
  }

  private answer(id: number, outcome: Outcome): void {
    this.pending.get(id)?.(outcome);
    this.pending.delete(id);
  }

  private end(code: number, reason: string): void {
    for (const id of this.pending.keys()) this.answer(id, { outcome: 'unknown', code: `closed ${code}` });
    this.listener.closed(code, reason);
  }
}
