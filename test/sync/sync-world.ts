import { randomUUID } from 'node:crypto';
import { MembershipChanges } from '../../src/features/chat/stream/membership-changes.js';
import { Delivery } from '../../src/features/chat/stream/delivery.js';
import { RecentEvents } from '../../src/features/chat/stream/recent-events.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../src/features/chat/log/append-driver.js';
import type { Change, Stored } from '../../src/features/chat/log/append/index.js';
import {
  mutesStore,
  newsStore,
  ReadPositions,
  roomChannel,
  type RoomEvent,
} from '../../src/features/chat/log/index.js';
import { SqlLogNews } from '../../src/features/chat/log/news/log-news.sql.js';
import { SqlLogReader } from '../../src/features/chat/log/log-reader.sql.js';
import { retentionStore } from '../../src/features/chat/retention/index.js';
import type { SyncFrame } from '../../src/features/chat/sync/frames.js';
import { syncStore } from '../../src/features/chat/sync/index.js';
import { SyncPages } from '../../src/features/chat/sync/sync-pages.js';
import { SyncService } from '../../src/features/chat/sync/sync.service.js';
import type { Synced } from '../../src/features/chat/sync/synced.js';
import { PositionedTopics } from '../../src/realtime/fanout/positioned-topic.js';
import { MemoryTopicBus } from '../../src/realtime/fanout/topic-bus.memory.js';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing.js';
import { ManualClock } from '../../src/testing/index.js';
import { headOf, type ModelRoom } from './sync-model.js';

/** Longer than the span of time in which it is not certain where a room stood. */
const START_MS = Date.UTC(2030, 0, 1);

/** The service's own `room.sync` over a real store, driven without sockets, with the model of what it is told. */
export class SyncWorld {
  readonly clock = new ManualClock(START_MS);
  /** Live delivery's time stands still: what the bus loses stays lost. */
  private readonly standing = new ManualClock(START_MS);
  private readonly bus = new MemoryTopicBus();
  private readonly settings = { maxAnswerBytes: 0 };
  private constructor(
    private readonly test: TestDatabase,
    private readonly log: AppendDriver,
    private readonly reader: SqlLogReader,
    private readonly positions: ReadPositions,
  ) {}

  static async open(): Promise<SyncWorld> {
    const test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
    const log = new AppendDriver(test.database);
    const positions = new ReadPositions(log.logs, new ManualClock());
    const reader = new SqlLogReader(log.logs, { maxAnswerBytes: 1e6 }, positions, test.database);
    return new SyncWorld(test, log, reader, positions);
  }

  async close(): Promise<void> {
    await this.test.close();
  }

  /** A user with no rooms yet. */
  user(): SyncUser {
    return new SyncUser(this, {
      log: this.log,
      positions: this.positions,
      database: this.test.database,
      bus: this.bus,
      delivery: new Delivery({
        clock: this.standing,
        log: this.reader,
        news: new SqlLogNews(this.test.database.open(newsStore), this.standing),
        bus: this.bus,
        topics: new PositionedTopics(),
        membershipChanges: new MembershipChanges(),
        onTrouble: (roomId, error) => {
          throw new Error(`trouble in ${roomId}`, { cause: error });
        },
      }),
    });
  }

  /** Whether nobody else commits to the database's server meanwhile. */
  get isAlone(): boolean {
    return this.test.database.dialect === 'sqlite';
  }

  get epoch(): string {
    return this.reader.epoch;
  }

  service(recent: RecentEvents): SyncService {
    const store = this.test.database.open(syncStore);
    const pages = new SyncPages(store, this.settings, this.positions, recent);
    return new SyncService(pages, this.reader, this.clock);
  }

  async sync(service: SyncService, userId: string, request: SyncFrame, maxBytes: number): Promise<Synced> {
    this.settings.maxAnswerBytes = maxBytes;
    return await service.sync({ kind: 'user', userId, sessionId: 'session' }, request);
  }
}

interface UserServices {
  readonly log: AppendDriver;
  readonly positions: ReadPositions;
  readonly database: TestDatabase['database'];
  readonly bus: MemoryTopicBus;
  readonly delivery: Delivery;
}

/** The node's memory, counting how often it was of use. */
class CountedMemory extends RecentEvents {
  hits = 0;

  constructor(private readonly delivery: Delivery) {
    super();
  }

  after(roomId: string, seq: number, limit: number) {
    const stretch = this.delivery.streams.get(roomId)?.recent(seq, limit);
    if (stretch !== undefined) this.hits += 1;
    return stretch;
  }
}

/** Bob, and what happens in his rooms, which all are ann's. */
export class SyncUser {
  readonly id = `bob-${randomUUID()}`;
  readonly rooms = new Map<string, ModelRoom>();
  readonly memory: CountedMemory;
  /** Rooms that bob has left, whether he came back or not. */
  readonly left = new Set<string>();
  isBusLossy = false;
  private version = 0;
  private readonly ownMessages = new Set<string>();
  private readonly service: SyncService;

  constructor(
    readonly world: SyncWorld,
    private readonly services: UserServices,
  ) {
    this.memory = new CountedMemory(services.delivery);
    this.service = world.service(this.memory);
  }

  get lastVersion(): number {
    return this.version;
  }

  stop(): void {
    this.services.delivery.stop();
  }

  async sync(request: SyncFrame, maxBytes = 1e6): Promise<Synced> {
    return await this.world.sync(this.service, this.id, request, maxBytes);
  }

  async create(isMember: boolean): Promise<ModelRoom> {
    const memberIds = isMember ? [this.id] : [];
    const room: ModelRoom = {
      id: randomUUID(),
      events: [],
      texts: new Map(),
      floor: 1,
      own: undefined,
    };
    this.rooms.set(room.id, room);
    await this.append(room, this.services.log.creation({ roomId: room.id, memberIds }));
    return room;
  }

  async send(room: ModelRoom, isOwn: boolean, text: string): Promise<void> {
    const actorId = isOwn && room.own ? this.id : 'ann';
    const { message } = await this.append(room, this.services.log.sending(room.id, { actorId, text }));
    room.texts.set(message?.seq ?? 0, text);
    if (actorId !== this.id) return;
    this.ownMessages.add(`${room.id} ${headOf(room)}`);
    this.move(room, headOf(room));
  }

  /** Whether it is one of bob's, which ann cannot edit. */
  hasSent(room: ModelRoom, seq: number): boolean {
    return this.ownMessages.has(`${room.id} ${seq}`);
  }

  async edit(room: ModelRoom, seq: number, text: string): Promise<void> {
    const actorId = 'ann';
    await this.append(room, { change: 'edit', roomId: room.id, actorId, seq, text, namedIds: [] });
    room.texts.set(seq, text);
  }

  async erase(room: ModelRoom, seq: number): Promise<void> {
    await this.append(room, { change: 'delete', roomId: room.id, actorId: 'ann', seq });
    room.texts.set(seq, '');
  }

  async join(room: ModelRoom): Promise<void> {
    if (room.own) return;
    await this.append(room, { change: 'add', roomId: room.id, actorId: 'ann', userIds: [this.id] });
  }

  async leave(room: ModelRoom): Promise<void> {
    if (!room.own) return;
    await this.append(room, { change: 'leave', roomId: room.id, actorId: this.id });
    room.own = undefined;
    this.left.add(room.id);
  }

  read(room: ModelRoom, seq: number): void {
    if (!room.own || seq <= room.own.readSeq) return;
    this.services.positions.advance({ roomId: room.id, userId: this.id, seq });
    this.move(room, seq);
  }

  async mute(room: ModelRoom): Promise<void> {
    if (!room.own) return;
    room.own = { ...room.own, isMuted: !room.own.isMuted, version: (this.version += 1) };
    const until = room.own.isMuted ? 'for ever' : null;
    await this.services.database.open(mutesStore).mute({ roomId: room.id, userId: this.id, until });
  }

  async flush(): Promise<void> {
    await this.services.positions.flush();
  }

  /** Drops the room's events that are older than this one. */
  async drop(room: ModelRoom, seq: number): Promise<void> {
    const beforeMs = room.events.find((event) => event.seq === seq)?.atMs ?? 0;
    const { drop } = this.services.database.open(retentionStore);
    const nowMs = this.world.clock.now();
    await drop({ roomIds: [room.id], beforeMs, nowMs, budget: 1e6 });
    room.floor = Math.max(room.floor, room.events.find(({ atMs }) => atMs >= beforeMs)?.seq ?? 1);
  }

  /** From now on the node follows the room, as if somebody in it were connected. */
  follow(room: ModelRoom): void {
    this.services.delivery.streams.activate(room.id, headOf(room));
  }

  private move(room: ModelRoom, readSeq: number): void {
    this.version += 1;
    room.own = { readSeq, isMuted: room.own?.isMuted ?? false, version: this.version };
  }

  private async append(room: ModelRoom, change: Change): Promise<Stored> {
    const { appends } = this.services.log;
    const [outcome] = await appends.append({ nowMs: this.world.clock.now(), changes: [change] });
    if (outcome?.outcome !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`);
    for (const event of outcome.events) this.note(room, event);
    if (!this.isBusLossy) this.services.bus.publish(roomChannel(room.id), { events: outcome.events });
    return outcome;
  }

  private note(room: ModelRoom, event: RoomEvent): void {
    const { seq, type } = event;
    const shown = event['message'] as { readonly seq: number } | undefined;
    room.events.push({ seq, type, atMs: Date.parse(event.at), messageSeq: shown?.seq });
    if (type === 'member.joined' && event['userId'] === this.id) this.move(room, seq);
  }
}
