import { readFileSync } from 'node:fs';
import { randomOf } from '../../support/cluster/chooser.js';
import { LoadClient } from './load-client.js';
import type { LoadOrder, LoadPlan, LoadProgress, PlannedRoom } from './load-plan.js';
import { RecordFile } from './record-file.js';
import { Sender } from './sender.js';

const TICK_MS = 20;
const PROGRESS_MS = 250;
/** Of all that is done. */
const MEMBERSHIP_SHARE = 0.2;
const TYPING_SHARE = 0.05;
/** What one who sends several at once sends. */
const BURST = 3;
/** A machine that is too slow gets as much as it can take. */
const MOST_OPEN = 200;

/** A process of clients, told by its parent what to do. Its plan is in the file that is its argument. */
class Load {
  private readonly records: RecordFile;
  private readonly random: () => number;
  private readonly clients: readonly LoadClient[];
  private readonly sender: Sender;
  private readonly timers: NodeJS.Timeout[] = [];
  private isResting = false;
  private due = 0;
  private done = 0;

  constructor(private readonly plan: LoadPlan) {
    this.records = new RecordFile(plan.file);
    this.random = randomOf(plan.seed);
    const watched = [...new Set(plan.rooms.flatMap(({ userIds }) => userIds))];
    const world = { records: this.records, random: this.random, urls: plan.urls, watched };
    this.clients = plan.clients.map((client) => new LoadClient(client, world));
    this.sender = new Sender(plan.name, this.records, this.random, (userId) => this.deviceOf(userId));
  }

  start(): void {
    for (const client of this.clients) client.connect();
    this.timers.push(setInterval(() => this.tick(), TICK_MS));
    this.timers.push(setInterval(() => this.report(), PROGRESS_MS));
  }

  obey(order: LoadOrder): void {
    if (order === 'rest') this.isResting = true;
    if (order === 'vanish') this.vanishing().forEach((client) => (client.returns = false));
    if (order === 'whisper') this.whisper();
    if (order === 'end') void this.end();
  }

  private tick(): void {
    if (this.isResting || !this.clients.some(({ isConnected }) => isConnected)) return;
    this.due += (this.plan.sendsPerSecond / (1 - MEMBERSHIP_SHARE - TYPING_SHARE)) * (TICK_MS / 1000);
    for (; this.done < this.due; this.done++) if (this.sender.open < MOST_OPEN) this.act();
  }

  private act(): void {
    const client = this.pick(this.clients.filter(({ isConnected }) => isConnected));
    const rooms = this.plan.rooms.filter(({ kind }) => kind !== 'quiet');
    const room = this.pick(rooms.filter(({ userIds }) => userIds.includes(client.plan.userId)));
    const chance = this.random();
    if (chance < MEMBERSHIP_SHARE) void this.changeMembership(client, room);
    else if (chance < MEMBERSHIP_SHARE + TYPING_SHARE)
      void client.request('room.typing', { roomId: room.id, active: true });
    else this.sendSome(client, room);
  }

  /** Several at once by one connection, so that it matters that they stay in order. */
  private sendSome(client: LoadClient, room: PlannedRoom): void {
    const count = this.random() < 0.2 ? BURST : 1;
    this.done += count - 1;
    for (let each = 0; each < count; each++) void this.sender.send(client, room.id);
  }

  private async changeMembership(
    client: LoadClient,
    { id: roomId, kind, ...room }: PlannedRoom,
  ): Promise<void> {
    const isIn = this.random() < 0.6;
    const { userId } = client.plan;
    if (userId === room.ownerId) {
      const other = this.pick(room.userIds.filter((each) => each !== userId));
      await (isIn
        ? client.request('room.add', { roomId, userIds: [other] })
        : client.request('room.remove', { roomId, userId: other }));
    } else if (kind === 'channel') await client.request(isIn ? 'room.join' : 'room.leave', { roomId });
  }

  private whisper(): void {
    for (const { id, kind, ownerId } of this.plan.rooms) {
      const owner = this.clients.find((client) => client.plan.userId === ownerId && client.isConnected);
      if (kind === 'quiet' && owner) void this.sender.send(owner, id);
    }
  }

  /** Every fifth user's, but for whoever owns a room: others depend on those. */
  private vanishing(): LoadClient[] {
    const owners = new Set(this.plan.rooms.map(({ ownerId }) => ownerId));
    const users = [...new Set(this.clients.map(({ plan }) => plan.userId))].filter((id) => !owners.has(id));
    const chosen = new Set(users.filter((_, index) => index % 5 === 0));
    return this.clients.filter(({ plan }) => chosen.has(plan.userId) && !plan.isObserver);
  }

  private deviceOf(userId: string): LoadClient {
    const devices = this.clients.filter(({ plan }) => plan.userId === userId);
    const connected = devices.filter(({ isConnected }) => isConnected);
    return this.pick(connected.length > 0 ? connected : devices);
  }

  private report(): void {
    const open = this.sender.open + this.clients.reduce((sum, client) => sum + client.openRequests, 0);
    const connected = this.clients.filter(({ isConnected }) => isConnected).length;
    const progress: LoadProgress = { acknowledged: this.sender.acknowledged, open, connected };
    this.sender.acknowledged = 0;
    process.send?.(progress);
  }

  private async end(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    // What happens from here on is not a part of the history.
    await this.records.end();
    process.exit(0);
  }

  private pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  }
}

const load = new Load(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LoadPlan);
process.on('message', (order) => load.obey(order as LoadOrder));
process.on('disconnect', () => process.exit(1));
load.start();
