import { setTimeout as pause } from 'node:timers/promises';
import {
  type Json,
  ManualClock,
  startServer,
  type TestClient,
  type TestServer,
} from '../../../testing/index.js';

const NAMES = ['ann', 'bob', 'cay', 'dan', 'eve', 'flo', 'gil', 'hal'] as const;
export type Name = (typeof NAMES)[number];

type OfEach<Value> = Readonly<Record<Name, Value>>;

/** Rooms of more than three members are large. */
const ENV = {
  LARGE_ROOM_MEMBERS: '3',
  MAX_ROOM_MEMBERS: '8',
  HEARTBEAT_MS: '86400000',
  ACCESS_TOKEN_TTL: '8640000',
  RATE_FRAMES_PER_S: '0',
  RATE_SENDS_PER_S: '0',
  PRESENCE_GRACE_MS: '0',
};

/** Eight users on a server whose time stands still, and one room at a time that some of them are in. */
export class Crowd {
  roomId = '';
  #sent = 0;

  private constructor(
    readonly clock: ManualClock,
    readonly server: TestServer,
    readonly client: OfEach<TestClient>,
    readonly id: OfEach<string>,
  ) {}

  static async start(): Promise<Crowd> {
    const clock = new ManualClock();
    const server = await startServer({ clock, env: ENV });
    const ofEach = async <Value>(find: (name: Name) => Promise<Value>): Promise<OfEach<Value>> => {
      const found = await Promise.all(NAMES.map(async (name) => [name, await find(name)] as const));
      return Object.fromEntries(found) as OfEach<Value>;
    };
    const client = await ofEach(async (name) => server.connect(name));
    return new Crowd(clock, server, client, await ofEach(async (name) => (await server.user(name)).id));
  }

  /** Goes on in a channel of ann, bob, cay and dan: its head is 4, and no second runs in it. */
  async enterNewRoom(): Promise<void> {
    const { client, id } = this;
    await this.clock.advance(10_000);
    const memberIds = [id.bob, id.cay, id.dan];
    const created = await client.ann.request('room.create', { kind: 'channel', memberIds });
    this.roomId = String(roomOf(created)?.['id']);
    for (const name of ['ann', 'bob', 'cay', 'dan'] as const) {
      await this.next(name, 'room.added', (data) => roomOf(data)?.['id'] === this.roomId);
      await this.next(name, 'room.event', this.isAt(4));
    }
  }

  /** The burst has begun: hal has come, by the event 5, and the room's second runs. */
  async begin(): Promise<void> {
    await this.ask('hal', 'room.join');
  }

  readonly isHere = (data: Json): boolean => data['roomId'] === this.roomId;

  isAt(seq: number): (data: Json) => boolean {
    return (data) => this.isHere(data) && data['seq'] === seq;
  }

  /** Lets time pass until what is awaited has come. */
  async passing<Result>(awaited: Promise<Result>): Promise<Result> {
    let isDone = false;
    const finish = (): void => void (isDone = true);
    awaited.then(finish, finish);
    while (!isDone) {
      await this.clock.advance(100);
      await pause(2);
    }
    return await awaited;
  }

  /** The next push of this room's, while time passes: a node may have to read what another one has stored. */
  async next(name: Name, event: string, fits = this.isHere): Promise<Json> {
    return await this.passing(this.client[name].next(event, fits));
  }

  async ask(name: Name, event: string, data: object = {}): Promise<Json> {
    return await this.client[name].request(event, { roomId: this.roomId, ...data });
  }

  async send(name: Name): Promise<number> {
    const clientId = `large-room-${++this.#sent}`;
    const { message } = await this.ask(name, 'message.send', { text: 'hello', clientId });
    return Number((message as Json)['seq']);
  }

  /** What this user's connection was pushed of the room, oldest first, as far as nobody took it. */
  told(name: Name): unknown[] {
    return this.client[name]
      .waiting()
      .filter((push) => this.isHere(push.data) || roomOf(push.data)?.['id'] === this.roomId)
      .map(({ event, data }) => (event === 'room.event' ? [data['seq'], data['type']] : event));
  }
}

function roomOf({ room }: Json): Json | undefined {
  return room as Json | undefined;
}
