import { setTimeout as delay } from 'node:timers/promises';
import type { TestTarget } from 'parley/testing';
import { isCluster } from '../../support/one-node.js';
import { REQUESTS } from '../requests.js';
import { Scene } from '../scene.js';
import type { Step } from '../steps.js';
import {
  type Call,
  createWorld,
  judge,
  type ModelPush,
  type RequestName,
  roomsOf,
  type World,
} from '../rules/index.js';
import { type Answer, ask } from './ask.js';
import { canonical } from './canonical.js';
import { Device } from './device.js';
import { compare, isEqual, type Json } from './disagreement.js';

/** How many connections each user has. */
const DEVICES = [2, 1, 2, 1];
/** Two seconds, and one for a machine with much to do. */
const MOST_LATE_RECEIPTS_MS = 3000;
/** Characters of an answer in the transcript. */
const MOST_TOLD = 200;
const NAMES = ['ann', 'bob', 'cay', 'dan'];

/** What a user's client remembers of its last `room.sync`. */
interface Synced {
  readonly since: string;
  readonly tick: number;
}

export interface Setting {
  /** Begins every name of this run. */
  readonly tag: string;
  /** A push that is due and has not come by then is missing. */
  readonly patienceMs: number;
}

/** Where `room.sync` differs on the wire from what the rules are asked. */
interface Asked {
  readonly wire: object;
  readonly rules: Call['data'];
}

/** Plays steps on a service and by the rules, and compares after each. */
export class Driver {
  private readonly synced = new Map<string, Synced>();
  /** How often each request was answered how: `room.get ok`, `room.get NOT_FOUND`. */
  readonly tally = new Map<string, number>();
  /** What was asked and how it was answered, for whoever has to find out why the two disagree. */
  readonly transcript: string[] = [];
  private lastMs = 0;

  private constructor(
    private readonly world: World,
    private readonly devices: readonly (readonly Device[])[],
    private readonly tag: string,
  ) {}

  /** New users in an old service: nothing of another run is to be seen by them. */
  static async start(target: TestTarget, { tag, patienceMs }: Setting): Promise<Driver> {
    const names = NAMES.map((name) => `${tag}${name}`);
    const users = await Promise.all(names.map(async (name) => target.user(name)));
    const devices = users.map(({ id, username }, index) =>
      Array.from(
        { length: DEVICES[index] ?? 1 },
        () => new Device(id, async () => target.connect(username), patienceMs),
      ),
    );
    await Promise.all(devices.flat().map(async (device) => device.open([])));
    return new Driver(createWorld(users), devices, tag);
  }

  async play(step: Step): Promise<void> {
    const device = this.deviceOf(step);
    if (step.name === 'disconnect') return device.close();
    if (step.name === 'reconnect') await device.close();
    await this.reopen(device);
    const scene = new Scene(this.world, step, this.tag);
    if (step.name === 'reconnect') await this.request(device, 'room.sync', this.catchUp(device));
    else if (step.name === 'room.sync') await this.request(device, 'room.sync', this.syncOf(device, scene));
    else await this.read(device, step.name, REQUESTS[step.name](scene));
  }

  /** Compares everything that each user can see, and that nothing was pushed that should not have been. */
  async audit(): Promise<void> {
    for (const [device] of this.devices) {
      if (!device) continue;
      await this.reopen(device);
      for (const [name, data] of this.questions(device.userId)) await this.read(device, name, data);
      await this.request(device, 'room.sync', { wire: {}, rules: {} });
    }
    const open = this.devices.flat().filter(({ isOpen }) => isOpen);
    await Promise.all(open.map(async ({ socket }) => socket.request('auth.whoami')));
    await this.settle();
  }

  async end(): Promise<void> {
    await Promise.all(this.devices.flat().map(async (device) => device.close()));
  }

  private *questions(userId: string): Generator<[RequestName, Record<string, unknown>]> {
    yield ['room.list', { limit: 2 }];
    yield ['user.blocks', {}];
    for (const query of ['ap', 'boat', 'bird']) yield ['message.search', { query, limit: 5 }];
    for (const room of this.world.rooms.values()) {
      const { id: roomId } = room;
      yield ['message.history', { roomId, after: 0, limit: 100 }];
      yield ['room.get', { roomId }];
      if (!room.members.has(userId)) continue;
      yield ['room.members', { roomId, limit: 2 }];
      yield ['message.pins', { roomId, limit: 1 }];
      const own = [...room.messages.values()].filter(({ senderId }) => senderId === userId);
      for (const { seq } of own.slice(-2)) yield ['message.receipts', { roomId, seq }];
    }
  }

  private async read(device: Device, name: RequestName, data: Record<string, unknown>): Promise<void> {
    await this.request(device, name, { wire: data, rules: data });
  }

  private async request(device: Device, name: RequestName, { wire, rules }: Asked): Promise<void> {
    await this.nextMillisecond();
    const answer =
      isCluster && name === 'message.receipts'
        ? await this.receipts(device, rules)
        : await ask(device.socket, name, wire);
    this.transcribe(device, name, [wire, answer]);
    const verdict = judge(this.world, name, {
      callerId: device.userId,
      data: rules,
      chosen: chosenIn(answer),
    });
    const asked = name === 'room.sync' ? this.withoutRepeats(device, rules, answer) : answer;
    compare(name, compared(name, verdict.answer), compared(name, asked));
    if (name === 'room.sync' && 'reply' in answer) this.note(device, answer.reply);
    for (const push of verdict.pushes) this.expect(push, name, device);
    await this.settle();
  }

  /** Who has read by way of another node is told of within two seconds: asks until that is so, or should be. */
  private async receipts({ userId: callerId, socket }: Device, data: Call['data']): Promise<Answer> {
    const name = 'message.receipts';
    const due = compared(name, judge(this.world, name, { callerId, data, chosen: {} }).answer);
    const lastMs = performance.now() + MOST_LATE_RECEIPTS_MS;
    for (;;) {
      const answer = await ask(socket, name, data);
      if (isEqual(compared(name, answer), due) || performance.now() > lastMs) return answer;
      await delay(50);
    }
  }

  private expect(push: ModelPush, name: RequestName, device: Device): void {
    for (const one of this.devicesOf(push.userId).filter(({ isOpen }) => isOpen)) {
      // The connection that sends has the reply, and need not be told.
      const isOptional = name === 'message.send' && push.event === 'room.self' && one === device;
      one.expect({ ...push, isOptional });
    }
  }

  /** Where nodes commit at once, positions near the mark come again rather than never: leaves out those that are right. */
  private withoutRepeats({ userId: callerId }: Device, data: Call['data'], answer: Answer): Answer {
    if (!isCluster || !('reply' in answer)) return answer;
    const readsSince = (request: Call['data']): readonly Json[] => {
      const verdict = judge(this.world, 'room.sync', { callerId, data: request, chosen: {} });
      return 'reply' in verdict.answer ? ((verdict.answer.reply as Json)['reads'] as Json[]) : [];
    };
    const [due, all] = [readsSince(data), readsSince({ ...data, sinceTick: -1 })];
    const isAmong = (reads: readonly Json[], read: Json) => reads.some((one) => isEqual(one, read));
    const reads = (answer.reply['reads'] as Json[]).filter(
      (read) => isAmong(due, read) || !isAmong(all, read),
    );
    return { reply: { ...answer.reply, reads } };
  }

  private transcribe(device: Device, name: string, [request, answer]: readonly [object, Answer]): void {
    const { username } = this.world.users.get(device.userId) ?? {};
    const outcome = `${name} ${'code' in answer ? answer.code : 'ok'}`;
    this.tally.set(outcome, (this.tally.get(outcome) ?? 0) + 1);
    const told = 'code' in answer ? answer.code : JSON.stringify(answer.reply).slice(0, MOST_TOLD);
    this.transcript.push(`${username} ${name} ${JSON.stringify(request)} -> ${told}`);
  }

  private async settle(): Promise<void> {
    await Promise.all(this.devices.flat().map(async (device) => device.settle()));
  }

  private note(device: Device, reply: Json): void {
    this.synced.set(device.userId, { since: String(reply['since']), tick: this.world.ticks });
    for (const { room, events } of reply['rooms'] as { room: Json; events: Json[] }[])
      device.positions.set(String(room['id']), Number(events.at(-1)?.['seq'] ?? 0));
    for (const roomId of reply['removed'] as string[]) device.positions.delete(roomId);
  }

  /** What a client asks that comes back: what it has, and how its positions have changed. */
  private catchUp(device: Device): Asked {
    const data = { rooms: Object.fromEntries(device.positions), limit: 200 };
    const synced = this.synced.get(device.userId);
    const epoch = String(device.socket.ready['epoch']);
    return {
      wire: { ...data, epoch, ...(synced && { since: synced.since }) },
      rules: { ...data, ...(synced && { sinceTick: synced.tick }) },
    };
  }

  /** From anywhere in the log, or beyond; now and then in another epoch. */
  private syncOf(device: Device, { step: { place, variant } }: Scene): Asked {
    const rooms = [...this.world.rooms.values()].filter((_, index) => (place >> index) % 2 === 0);
    const named = rooms.map(({ id, log }, index) => [id, (place * (index + 7)) % (log.length + 2)] as const);
    const data = {
      rooms: Object.fromEntries(named),
      limit: (place % 9) + 1,
      ...(variant % 2 === 0 && { rest: 'none' }),
    };
    const isOtherEpoch = variant % 5 === 0;
    const epoch = isOtherEpoch ? 'another' : String(device.socket.ready['epoch']);
    return { wire: { ...data, epoch }, rules: { ...data, isOtherEpoch } };
  }

  private async reopen(device: Device): Promise<void> {
    const roomIds = roomsOf(this.world, device.userId).map(({ room }) => room.id);
    if (!device.isOpen) await device.open(roomIds);
  }

  private deviceOf({ by, device }: Step): Device {
    const devices = this.devices[by] ?? [];
    const chosen = devices[device % Math.max(1, devices.length)];
    if (!chosen) throw new Error('there is no such user');
    return chosen;
  }

  private devicesOf(userId: string): readonly Device[] {
    return this.devices.find((devices) => devices[0]?.userId === userId) ?? [];
  }

  /** Which room was active last is told by the clock: two must not be so in the same millisecond. */
  private async nextMillisecond(): Promise<void> {
    while (Date.now() === this.lastMs) await new Promise((resolve) => void setImmediate(resolve));
    this.lastMs = Date.now();
  }
}

/** What the rules cannot know before. */
function chosenIn(answer: Answer): Call['chosen'] {
  if ('code' in answer) return {};
  const { room, message, added } = answer.reply as { room?: Json; message?: Json; added?: string[] };
  const id = message?.['id'] ?? room?.['id'];
  return { ...(typeof id === 'string' && { id }), ...(added && { added }) };
}

function compared(name: string, answer: Answer | { readonly reply: object }): object {
  return 'code' in answer ? { code: answer.code } : { reply: canonical(name, answer.reply) };
}
