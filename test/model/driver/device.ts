import type { TestClient } from 'parley/testing';
import type { ModelPush } from '../rules/index.js';
import { canonical } from './canonical.js';
import { compare, Disagreement, isEqual, type Json } from './disagreement.js';

interface Arrived {
  readonly event: string;
  readonly data: Json;
}

/** Pushes of a room, or of a position, in their order. */
interface Stream {
  readonly due: ModelPush[];
  readonly arrived: Arrived[];
  /** Pushes that need not have come, and may still. */
  readonly excused: ModelPush[];
}

/** A user's connection, with what it is owed and what it was given. */
export class Device {
  /** The last `seq` of each room that this user's client has, over all its connections. */
  readonly positions = new Map<string, number>();
  private client: TestClient | undefined;
  private streams = new Map<string, Stream>();
  private rooms = new Set<string>();
  private wake = (): void => undefined;
  private fault: Disagreement | undefined;

  constructor(
    readonly userId: string,
    private readonly connect: () => Promise<TestClient>,
    /** A push that is due and has not come by then is missing. */
    private readonly patienceMs: number,
  ) {}

  get isOpen(): boolean {
    return this.client !== undefined;
  }

  /** Its socket; it has to be open. */
  get socket(): TestClient {
    if (!this.client) throw new Error('the device is closed');
    return this.client;
  }

  async open(roomIds: readonly string[]): Promise<void> {
    this.streams = new Map();
    this.rooms = new Set(roomIds);
    const client = await this.connect();
    this.client = client;
    client.ws.on('message', (data: Buffer) => this.take(JSON.parse(data.toString()) as Json));
    for (const { event, data } of client.waiting()) this.take({ event, data });
  }

  async close(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.close();
  }

  expect(push: ModelPush): void {
    this.streamOf(push.event, push.data).due.push(push);
  }

  /** Waits until what is due has come, and finds what should not have. */
  async settle(): Promise<void> {
    for (const [name, stream] of this.streams) {
      while (stream.due.length > 0) await this.match(name, stream);
      const undue = stream.arrived.splice(0).find((push) => !isExcused(stream, push));
      if (undue) throw new Disagreement(`push ${undue.event} undue`, undefined, undue.data);
    }
    if (this.fault) throw this.fault;
  }

  private async match(name: string, stream: Stream): Promise<void> {
    const [due] = stream.due;
    if (!due) return;
    const next = firstExpected(stream, due);
    if (next && (due.isOptional !== true || fits(due, next))) {
      stream.arrived.shift();
      stream.due.shift();
      compare(`push ${due.event}`, { event: due.event, data: canonical(due.event, due.data) }, given(next));
    } else if (due.isOptional === true) {
      stream.excused.push(due);
      stream.due.shift();
    } else if (!(await this.arrival())) {
      throw new Disagreement(`push ${due.event} missing (${name})`, due.data, undefined);
    }
  }

  /** Whether something came in time. */
  private async arrival(): Promise<boolean> {
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.patienceMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  private take({ event, id, data }: Json): void {
    if (id !== undefined || event === 'ready' || event === 'exception') return;
    const push = { event: String(event), data: data as Json };
    if (push.event === 'room.receipt') this.checkReceipt(push.data);
    else this.streamOf(push.event, push.data).arrived.push(push);
    if (push.event === 'room.added') this.rooms.add(String((push.data['room'] as Json)['id']));
    if (push.event === 'room.removed') this.rooms.delete(String(push.data['roomId']));
    if (push.event === 'room.event')
      this.positions.set(String(push.data['roomId']), Number(push.data['seq']));
    this.wake();
  }

  /** When receipts come is a matter of time; that only members get them is not. */
  private checkReceipt({ roomId, reads }: Json): void {
    const isWhole = (reads as Json[]).every(({ userId, readSeq }) => userId !== '' && Number(readSeq) > 0);
    if (!isWhole || !this.rooms.has(String(roomId)))
      this.fault = new Disagreement('push room.receipt undue', undefined, { roomId, reads });
  }

  private streamOf(event: string, data: object): Stream {
    const name = streamName(event, data as Json);
    const stream = this.streams.get(name) ?? { due: [], arrived: [], excused: [] };
    this.streams.set(name, stream);
    return stream;
  }
}

/** The contract orders the pushes of one room's log, and positions among themselves. */
function streamName(event: string, { roomId, room, threadSeq }: Json): string {
  const id = String(roomId ?? (room as Json | undefined)?.['id']);
  return event === 'room.self' ? `self ${id} ${String(threadSeq)}` : `log ${id}`;
}

const given = ({ event, data }: Arrived) => ({ event, data: canonical(event, data) });

/** The first of what has arrived, but for what was excused before and comes late. */
function firstExpected(stream: Stream, due: ModelPush): Arrived | undefined {
  const at = stream.arrived.findIndex((push) => fits(due, push) || !isExcused(stream, push));
  stream.arrived.splice(0, at < 0 ? stream.arrived.length : at);
  return stream.arrived[0];
}

/** Whether it is one that need not have come; it is then no longer expected. */
function isExcused({ excused }: Stream, push: Arrived): boolean {
  const index = excused.findIndex((due) => fits(due, push));
  if (index >= 0) excused.splice(index, 1);
  return index >= 0;
}

function fits(due: ModelPush, push: Arrived): boolean {
  return isEqual({ event: due.event, data: canonical(due.event, due.data) }, given(push));
}
