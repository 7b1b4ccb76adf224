import { setTimeout as delay } from 'node:timers/promises';

// oxlint-disable-next-line typescript/no-explicit-any -- what a test expects of an answer is asserted, not declared
type Json = Record<string, any>;

/** A client, as far as streams need it. */
export interface Client {
  request(event: string, data?: object): Promise<Json>;
  next(event: string, fits?: (data: Json) => boolean, timeoutMs?: number): Promise<Json>;
}

let lastId = 0;

/** A `clientId` that was not used before. */
export const freshId = (): string => `stream-${(lastId += 1)}`.padEnd(8, '.');

/** Streams of one room. */
export class RoomTalk {
  constructor(readonly roomId: string) {}

  async start(client: Client, values: object = {}): Promise<Json> {
    return await client.request('message.stream.start', {
      roomId: this.roomId,
      clientId: freshId(),
      ...values,
    });
  }

  async startId(client: Client, values: object = {}): Promise<string> {
    return String((await this.start(client, values))['streamId']);
  }

  async append(client: Client, streamId: string, offset: number, text: string): Promise<Json> {
    const delta = { roomId: this.roomId, streamId, offset, text };
    return await client.request('message.stream.append', delta);
  }

  async end(client: Client, streamId: string, offset: number, text?: string): Promise<Json> {
    const tail = { roomId: this.roomId, streamId, offset, text };
    return await client.request('message.stream.end', tail);
  }

  async abort(client: Client, streamId: string): Promise<Json> {
    return await client.request('message.stream.abort', { roomId: this.roomId, streamId });
  }

  async get(client: Client, streamId: string): Promise<Json> {
    const { stream } = await client.request('message.stream.get', { roomId: this.roomId, streamId });
    return stream as Json;
  }

  /** A stream once it has said this much: what is asked for may be up to a second behind what was said. */
  async getSaid(client: Client, streamId: string, length: number): Promise<Json> {
    for (;;) {
      const stream = await this.get(client, streamId);
      if (stream['length'] >= length) return stream;
      await delay(50);
    }
  }

  async list(client: Client): Promise<Json[]> {
    const { streams } = await client.request('message.streams', { roomId: this.roomId });
    return streams as Json[];
  }

  /** A stream that has said this much. */
  async said(client: Client, text: string, values: object = {}): Promise<string> {
    const streamId = await this.startId(client, values);
    await this.append(client, streamId, 0, text);
    return streamId;
  }

  /** The newest message of the room. */
  async newest(client: Client): Promise<Json | undefined> {
    const { messages } = await client.request('message.history', { roomId: this.roomId, limit: 1 });
    return (messages as Json[])[0];
  }
}

/** The next push of this stream, of one state if it is given. */
export async function pushOf(client: Client, streamId: string, state?: string): Promise<Json> {
  return await client.next(
    'message.stream',
    (data) => data['streamId'] === streamId && (state === undefined || data['state'] === state),
  );
}

/** What a client makes of a stream's pushes until it is closed, as the contract says; a hole fails. */
export async function follow(client: Client, streamId: string): Promise<{ text: string; last: Json }> {
  let characters: string[] = [];
  for (;;) {
    const push = await pushOf(client, streamId);
    if (push['state'] !== 'open') return { text: characters.join(''), last: push };
    const offset = Number(push['offset']);
    if (offset > characters.length) throw new Error(`a hole before ${offset}`);
    characters = [...characters.slice(0, offset), ...Array.from(String(push['text']))];
  }
}

/** What a refused request is told. */
interface Refusal {
  readonly code: string;
  readonly details?: readonly { readonly path: string }[];
  readonly length?: number;
}

/** Why a request was refused: its code, the paths at fault and, where it is told, the length so far. */
export async function failureOf(request: Promise<unknown>): Promise<Json> {
  return await request.then(
    (data) => ({ data }),
    ({ data: { code, details, length } }: { data: Refusal }) => ({
      code,
      ...(details !== undefined && { paths: [...new Set(details.map(({ path }) => path))] }),
      ...(length !== undefined && { length }),
    }),
  );
}
