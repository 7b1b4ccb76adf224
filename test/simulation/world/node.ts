import { LargeRooms } from '../../../src/features/chat/large-rooms/index.js';
import { EventMeter } from '../../../src/features/chat/log/commit/event-meter.js';
import { type LogNews, LogWriter, type LogReader, Outbox } from '../../../src/features/chat/log/index.js';
import { LogPublisher } from '../../../src/features/chat/log/log-publisher.js';
import type { RoomPushes } from '../../../src/features/chat/rooms/index.js';
import { Delivery } from '../../../src/features/chat/stream/delivery.js';
import { MembershipChanges } from '../../../src/features/chat/stream/index.js';
import { CurrentHeads } from '../../../src/features/chat/stream/signals/index.js';
import { BusRoomPushes } from '../../../src/features/chat/stream/room-pushes.service.js';
import type { LeaseTable, PresenceLeases } from '../../../src/features/presence/leases/index.js';
import { PositionedTopics } from '../../../src/realtime/fanout/positioned-topic.js';
import {
  CLOSE,
  type CloseReason,
  type Connection,
  ConnectionRegistry,
  Meters,
  type TopicBus,
} from '../../../src/realtime/index.js';
import type { Chance } from '../../stream/chance.js';
import { BusEndpoint, type Network } from './bus.js';
import type { Faults } from './faults.js';
import type { SimulatedConnection } from './connection.js';
import { DistantLeases, NodePresence, type PresenceRows } from './presence.js';
import { SimulatedLogReader, type StoreAccess, StoreLink } from './store.js';
import { SimulatedNews } from './news.js';
import type { Tables } from './tables.js';
import { NodeClock, type SimulatedTime } from './time.js';

/** A room of more members than this gathers who comes and goes. */
export const LARGE_MEMBERS = 3;

/** What a service would log: here trouble is what is wanted. */
const onTrouble = (): void => undefined;

/** The connections of a node. */
class NodeConnections extends ConnectionRegistry {
  private readonly byUser = new Map<string, Set<Connection>>();

  get size(): number {
    return [...this.all()].length;
  }

  get(connectionId: string): Connection | undefined {
    return [...this.all()].find(({ id }) => id === connectionId);
  }

  ofUser(userId: string): ReadonlySet<Connection> {
    return this.byUser.get(userId) ?? new Set();
  }

  all(): Connection[] {
    return [...this.byUser.values()].flatMap((connections) => [...connections]);
  }

  userIds(): Iterable<string> {
    return this.byUser.keys();
  }

  add(connection: Connection): void {
    const { userId } = connection.principal;
    this.byUser.set(userId, (this.byUser.get(userId) ?? new Set()).add(connection));
  }

  delete(connection: Connection): void {
    const { userId } = connection.principal;
    const connections = this.byUser.get(userId);
    connections?.delete(connection);
    if (connections?.size === 0) this.byUser.delete(userId);
  }
}

/** What the nodes of a cluster share. */
interface NodeSurroundings {
  readonly time: SimulatedTime;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly tables: Tables;
  readonly network: Network;
  readonly leaseTable: LeaseTable;
  readonly presenceRows: PresenceRows;
  readonly plant: Plant;
}

/** A node: the service's own classes, on simulated surroundings. */
export class SimulatedNode {
  readonly clock: NodeClock;
  readonly endpoint: BusEndpoint;
  readonly tables: Tables;
  /** For clients that read what they missed. */
  readonly log: LogReader;
  readonly writer: LogWriter;
  readonly delivery: Delivery;
  readonly pushes: RoomPushes;
  readonly presence: NodePresence;
  readonly connections = new NodeConnections();
  readonly leases: DistantLeases;
  isAlive = true;
  /** Until when this node's users may be wrongly thought gone. */
  doubtfulUntilMs = -Infinity;

  constructor(
    readonly id: string,
    private readonly world: NodeSurroundings,
    skewMs: number,
  ) {
    const { time, chance, faults, tables, plant } = world;
    const clock = new NodeClock(time, skewMs);
    const access = { time, clock, chance, faults, tables };
    const link = plant.link?.(access) ?? new StoreLink(access);
    this.tables = tables;
    this.clock = clock;
    this.endpoint = new BusEndpoint(world.network, clock);
    const bus = plant.bus?.(this.endpoint, this) ?? this.endpoint;
    const log = new SimulatedLogReader(link, tables);
    this.log = log;
    const membershipChanges = new MembershipChanges();
    this.delivery = this.openDelivery(link, bus, membershipChanges);
    this.pushes = new BusRoomPushes(bus, new CurrentHeads(log));
    this.writer = this.openWriter(link, bus);
    this.leases = new DistantLeases(world.leaseTable.node(id), clock, chance, faults);
    this.presence = new NodePresence({
      clock,
      bus,
      leases: plant.leases?.(this.leases) ?? this.leases,
      link,
      rows: world.presenceRows,
      tables,
      registry: this.connections,
      membershipChanges,
      onTrouble,
    });
  }

  private openDelivery(link: StoreLink, bus: TopicBus, membershipChanges: MembershipChanges): Delivery {
    const { plant, tables, chance } = this.world;
    const news = new SimulatedNews(link, tables, chance);
    return new Delivery({
      clock: this.clock,
      log: plant.log?.(this.log) ?? this.log,
      news: plant.news?.(news) ?? news,
      bus,
      topics: new PositionedTopics(),
      membershipChanges,
      onTrouble,
    });
  }

  private openWriter(link: StoreLink, bus: TopicBus): LogWriter {
    const publisher = new LogPublisher(bus, new Outbox(), new EventMeter(new Meters()));
    const sizes = { largeMembers: LARGE_MEMBERS, maxMembers: 1000 };
    return new LogWriter(link, publisher, this.clock, new LargeRooms({ rooms: sizes }));
  }

  /** Attaches a connection as the kernel does; `onReady` is what the client is told by `ready`: the heads of its rooms. */
  async open(
    connection: SimulatedConnection,
    onReady: (heads: ReadonlyMap<string, number>) => void,
  ): Promise<void> {
    const { attachment } = this.delivery;
    this.connections.add(connection);
    await attachment.attach(connection);
    if (connection.isEnding) return;
    const attaching = attachment.user(connection.principal.userId)?.attaching.get(connection);
    onReady(new Map(attaching?.memberships?.rooms.map(({ roomId, head }) => [roomId, head])));
    connection.isAttached = true;
    attachment.attached(connection);
    this.presence.local.attached(connection);
  }

  close(connection: SimulatedConnection, close: CloseReason): void {
    const wasAttached = connection.isAttached;
    connection.end();
    this.connections.delete(connection);
    this.delivery.attachment.detached(connection, close);
    if (wasAttached) this.presence.local.detached(connection, close);
    this.presence.watching.detached(connection);
  }

  /** As by `kill -9`: everything that it held in memory is gone in this moment. */
  kill(): void {
    this.isAlive = false;
    this.clock.kill();
    this.world.network.endpoints.delete(this.endpoint);
    for (const connection of this.connections.all() as SimulatedConnection[]) {
      connection.end();
      this.connections.delete(connection);
    }
  }

  /** As by SIGTERM: connections are closed, what waits is stored, presence takes its users along. */
  async stop(): Promise<void> {
    this.isAlive = false;
    this.writer.onModuleDestroy();
    for (const connection of this.connections.all())
      connection.close({ code: CLOSE.restart, reason: 'retry-after-ms=100' });
    await this.writer.onApplicationShutdown();
    await this.presence.stop();
    this.delivery.stop();
    this.kill();
  }

  standStill(ms: number): void {
    this.clock.standStill(ms);
    this.doubtAfter(ms);
  }

  heal(): void {
    this.clock.goOn();
    this.endpoint.heal();
  }

  private doubtAfter(ms: number): void {
    this.doubtfulUntilMs = Math.max(this.doubtfulUntilMs, this.clock.monotonicMs() + ms + this.leases.ttlMs);
  }
}

/** What is wrong on purpose in a run that must find it. */
export interface Plant {
  readonly bus?: (bus: TopicBus, node: SimulatedNode) => TopicBus;
  readonly log?: (log: LogReader) => LogReader;
  readonly news?: (news: LogNews) => LogNews;
  readonly link?: (access: StoreAccess) => StoreLink;
  readonly leases?: (leases: PresenceLeases) => PresenceLeases;
}
