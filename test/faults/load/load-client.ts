import { setTimeout as delay } from 'node:timers/promises';
import { LoadConnection, type Outcome } from './load-connection.js';
import type { PlannedClient } from './load-plan.js';
import { nowMs, type RecordFile } from './record-file.js';

type Json = Record<string, unknown>;

const SYNC_EVENTS = 200;
const MAX_BACKOFF_MS = 800;

export interface ClientWorld {
  readonly records: RecordFile;
  readonly random: () => number;
  readonly urls: readonly string[];
  /** Users whose presence observers watch. */
  readonly watched: readonly string[];
}

/** A device of a user: connects to some node, again whenever it is cut off, and goes on by `room.sync` where it stood. */
export class LoadClient {
  /** Whether it comes back when it is cut off. */
  returns = true;
  /** Up to where it has everything of each room, without a gap. */
  private readonly positions = new Map<string, number>();
  /** What it was pushed while it still asks for what was before, and rooms that it came into meanwhile. */
  private ahead: Ahead | undefined;
  private connection: LoadConnection | undefined;
  private name = '';
  private url = '';
  private isAttached = false;
  private tries = 0;
  private connections = 0;

  constructor(
    readonly plan: PlannedClient,
    private readonly world: ClientWorld,
  ) {}

  get isConnected(): boolean {
    return this.isAttached;
  }

  get connectionName(): string {
    return this.name;
  }

  get openRequests(): number {
    return this.connection?.openRequests ?? 0;
  }

  connect(): void {
    const { urls, random } = this.world;
    this.url = urls[Math.floor(random() * urls.length)] ?? '';
    const name = `${this.plan.name}/${++this.connections}`;
    const connection = new LoadConnection(this.url, this.plan.token, {
      pushed: (event, data) => this.pushed(name, event, data),
      closed: (code, reason) => void this.closed(name, code, reason),
    });
    this.connection = connection;
    this.name = name;
  }

  async request(event: string, data: object): Promise<Outcome> {
    const { name: connection } = this;
    const askedT = nowMs();
    const answer = await this.connection?.request(event, data);
    if (event !== 'message.send') this.world.records.write({ kind: 'answered', connection, askedT });
    return answer ?? { outcome: 'refused', code: 'not connected' };
  }

  /** Goes for good, in the orderly way. */
  leave(): void {
    this.returns = false;
    this.connection?.close();
  }

  private pushed(name: string, event: string, data: Json): void {
    if (event === 'ready') return this.ready(name, data);
    if (event === 'presence.changed') return this.presence(name, data);
    this.roomPushed(name, event, data);
  }

  private roomPushed(name: string, event: string, data: Json): void {
    const kind = KINDS[event] ?? 'ephemeral';
    const { id: room, seq } = kind === 'added' ? placeOf(data['room'] as Json) : placeOf(data);
    if (room === undefined) return;
    const named = kind === 'ephemeral' ? { name: event } : {};
    this.world.records.write({ kind, connection: name, room, seq, ...named });
    if (kind === 'event') this.advance(room, seq);
    if (kind === 'added') this.enter(room, seq - 1);
    if (kind === 'removed') this.exit(room);
  }

  private advance(room: string, seq: number): void {
    const to = this.ahead && !this.ahead.entered.has(room) ? this.ahead.positions : this.positions;
    to.set(room, Math.max(seq, to.get(room) ?? 0));
  }

  private enter(room: string, position: number): void {
    this.positions.set(room, position);
    this.ahead?.entered.add(room);
  }

  private exit(room: string): void {
    this.positions.delete(room);
    this.ahead?.positions.delete(room);
    this.ahead?.entered.delete(room);
  }

  private ready(name: string, { epoch }: Json): void {
    this.isAttached = true;
    this.tries = 0;
    this.world.records.write({
      kind: 'attach',
      connection: name,
      client: this.plan.name,
      user: this.plan.userId,
      node: this.url,
    });
    void this.resume(name, String(epoch));
    if (this.plan.isObserver) void this.watch(name);
  }

  /** Asks until it is answered, or the connection is another one. */
  private async asked(name: string, event: string, data: object): Promise<Json | undefined> {
    while (this.name === name && this.isAttached) {
      const answer = await this.request(event, data);
      if (answer.outcome === 'ok') return answer.data;
      await delay(200);
    }
    return undefined;
  }

  private async watch(name: string): Promise<void> {
    const answer = await this.asked(name, 'presence.watch', { userIds: this.world.watched });
    for (const presence of (answer?.['presences'] ?? []) as Json[]) this.presence(name, presence);
  }

  private presence(name: string, { userId, status }: Json): void {
    this.world.records.write({
      kind: 'presence',
      connection: name,
      user: String(userId),
      status: String(status),
    });
  }

  private async resume(name: string, epoch: string): Promise<void> {
    const ahead: Ahead = { positions: new Map(), entered: new Set() };
    this.ahead = ahead;
    let from: Map<string, number> | undefined = new Map(this.positions);
    for (let rest = {}; from !== undefined; rest = { rest: 'none' }) {
      const unfinished = await this.resumeFrom(name, from, { epoch, limit: SYNC_EVENTS, ...rest });
      // It goes on where it has everything up to, when it is connected again.
      if (unfinished === undefined) return;
      from = unfinished.size > 0 ? unfinished : undefined;
    }
    if (this.ahead !== ahead) return;
    this.ahead = undefined;
    for (const [room, seq] of ahead.positions) this.advance(room, seq);
  }

  /** All pages of an answer; gives where rooms broke off, or nothing when the connection is no more. */
  private async resumeFrom(
    name: string,
    from: ReadonlyMap<string, number>,
    terms: object,
  ): Promise<Map<string, number> | undefined> {
    const unfinished = new Map<string, number>();
    const rooms = Object.fromEntries(from);
    let cursor: unknown;
    do {
      const page = typeof cursor === 'string' ? { cursor } : {};
      const answer = await this.asked(name, 'room.sync', { ...terms, rooms, ...page });
      if (answer === undefined || this.name !== name) return undefined;
      for (const room of answer['removed'] as string[]) this.lose(name, room);
      this.takeSynced(name, { from, unfinished }, answer['rooms'] as SyncedRoom[]);
      cursor = answer['nextCursor'];
    } while (typeof cursor === 'string');
    return unfinished;
  }

  /** The room is no more for this user, who may have come back to it since the answer was made. */
  private lose(name: string, room: string): void {
    if (this.ahead?.entered.has(room) === true) return;
    this.positions.delete(room);
    this.world.records.write({ kind: 'gone', connection: name, room });
  }

  /** Notes where the answer broke off. */
  private takeSynced(
    name: string,
    { from, unfinished }: { from: ReadonlyMap<string, number>; unfinished: Map<string, number> },
    rooms: readonly SyncedRoom[],
  ): void {
    for (const { room, events, hasMore } of rooms) {
      const seqs = events.map(({ seq }) => seq);
      const after = from.get(room.id) ?? null;
      this.world.records.write({ kind: 'synced', connection: name, room: room.id, after, seqs });
      const last = seqs.at(-1) ?? after ?? 0;
      this.positions.set(room.id, Math.max(last, this.positions.get(room.id) ?? 0));
      if (hasMore && after !== null) unfinished.set(room.id, last);
    }
  }

  private async closed(name: string, code: number, reason: string): Promise<void> {
    if (this.isAttached) this.world.records.write({ kind: 'detach', connection: name, code, reason });
    this.isAttached = false;
    if (!this.returns) return;
    const told = Number(/^retry-after-ms=(\d+)$/.exec(reason)?.[1] ?? 0);
    const backoffMs = Math.min(MAX_BACKOFF_MS, 50 * 2 ** this.tries++);
    await delay(told + this.world.random() * backoffMs);
    if (this.returns) this.connect();
  }
}

const KINDS: Readonly<Record<string, 'event' | 'added' | 'removed'>> = {
  'room.event': 'event',
  'room.added': 'added',
  'room.removed': 'removed',
};

/** Of an event, or of a room. */
function placeOf({ roomId, id, seq, head }: Json): { id: string | undefined; seq: number } {
  return { id: (roomId ?? id) as string | undefined, seq: Number(seq ?? head ?? 0) };
}

interface Ahead {
  readonly positions: Map<string, number>;
  readonly entered: Set<string>;
}

interface SyncedRoom {
  readonly room: { readonly id: string };
  readonly events: readonly { readonly seq: number }[];
  readonly hasMore: boolean;
}
