import type { TestClient } from 'parley/testing';
import type { Entry, Heads, History, HistoryEvent } from './history.js';

type Json = Record<string, unknown>;

/** Events of a log that one request gives. */
const MOST_EVENTS = 200;

/** Writes down what clients ask and what they are pushed. */
export class Recorder {
  private readonly entries: Entry[] = [];
  private readonly names = new Map<TestClient, string>();
  private sends = 0;

  /** Follows a client from `ready` on, at which its user was in these rooms. Nothing may have been pushed yet. */
  attach(client: TestClient, user: string, heads: Heads = {}): void {
    const connection = `connection ${this.names.size + 1}`;
    this.names.set(client, connection);
    this.entries.push({ kind: 'attach', connection, user, heads });
    client.ws.on('message', (data: Buffer) => this.note(connection, JSON.parse(data.toString()) as Json));
    client.ws.on('close', () => this.entries.push({ kind: 'detach', connection }));
  }

  /** `message.send`; gives what it was answered. */
  async send(client: TestClient, data: { roomId: string; text: string; clientId: string }): Promise<Json> {
    const send = ++this.sends;
    const connection = this.names.get(client) ?? 'nobody';
    this.entries.push({ kind: 'invoke', send, connection, room: data.roomId });
    const answer = await client.request('message.send', data);
    const { seq } = answer['message'] as { seq: number };
    if (answer['duplicate'] === false) this.entries.push({ kind: 'stored', send, seq });
    return answer;
  }

  /** The history, with the logs of these rooms as this client, a member of all, is given them. */
  async history(client: TestClient, rooms: readonly string[]): Promise<History> {
    const logs = new Map<string, readonly HistoryEvent[]>();
    for (const room of rooms) logs.set(room, await logOf(client, room));
    return { entries: [...this.entries], logs };
  }

  private note(connection: string, { event: name, id, data }: Json): void {
    if (id !== undefined) return;
    const { roomId, room: added, reason, ...rest } = data as Json;
    const room = String(roomId ?? (added as Json | undefined)?.['id']);
    if (name === 'room.event')
      this.entries.push({ kind: 'event', connection, room, event: rest as unknown as HistoryEvent });
    else if (name === 'room.added')
      this.entries.push({ kind: 'added', connection, room, head: Number((added as Json)['head']) });
    else if (name === 'room.removed')
      this.entries.push({ kind: 'removed', connection, room, reason: String(reason) });
    else if (roomId !== undefined)
      this.entries.push({ kind: 'ephemeral', connection, room, name: String(name) });
  }
}

async function logOf(client: TestClient, roomId: string): Promise<HistoryEvent[]> {
  const epoch = String(client.ready['epoch']);
  const log: HistoryEvent[] = [];
  for (let hasMore = true; hasMore;) {
    const named = { epoch, rooms: { [roomId]: log.length }, rest: 'none', limit: MOST_EVENTS };
    const { rooms } = (await client.request('room.sync', named)) as { rooms: Synced[] };
    log.push(...(rooms[0]?.events ?? []));
    hasMore = rooms[0]?.hasMore ?? false;
  }
  return log;
}

interface Synced {
  readonly events: HistoryEvent[];
  readonly hasMore: boolean;
}
