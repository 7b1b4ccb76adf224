import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  Clock,
  type CloseReason,
  type Connection,
  type ConnectionObserver,
  ObservesConnections,
  type OutboundFrame,
  type ReadyFields,
  TopicBus,
  Topics,
} from '../../../realtime/index.js';
import { Database } from '../../../storage/index.js';
import { LogNews, LogReader } from '../log/index.js';
import type { RoomStatePush } from '../rooms/index.js';
import { Delivery } from './delivery.js';
import { MembershipChanges } from './membership-changes.js';
import { DeliveredEvents, OwnPositions, RoomSignals } from './signals/index.js';
import type { RecentEvents, RecentStretch } from './recent-events.js';

/** Pushes the rooms' logs to the connections of their members. */
@Injectable()
@ObservesConnections()
export class DeliveryService implements ConnectionObserver, OnApplicationShutdown, RecentEvents {
  private readonly logger = new Logger('Delivery');
  private readonly delivery: Delivery;
  readonly membershipChanges = new MembershipChanges();

  // eslint-disable-next-line max-params -- Nest gives a provider its dependencies one by one
  constructor(
    clock: Clock,
    log: LogReader,
    news: LogNews,
    bus: TopicBus,
    topics: Topics,
    events: DeliveredEvents,
    signals: RoomSignals,
    positions: OwnPositions,
    database: Database,
  ) {
    database.onNewLife(() => this.delivery.beginAnew());
    const { membershipChanges } = this;
    this.delivery = new Delivery({
      clock,
      log,
      news,
      bus,
      topics,
      membershipChanges,
      onEvent: (event) => events.announce(event),
      onSignal: (roomId, signal) => signals.receive(roomId, signal),
      onPosition: (user, moved) =>
        positions.receive(user.userId, moved, (key, frame) =>
          this.pushTo(user.userId, moved.position.roomId, key, frame),
        ),
      onTrouble: (roomId, err) =>
        this.logger.warn({ msg: 'the log could not be read; trying again', roomId, err }),
    });
  }

  attach(connection: Connection): Promise<ReadyFields> {
    return this.delivery.attachment.attach(connection);
  }

  attached(connection: Connection): void {
    this.delivery.attachment.attached(connection);
  }

  detached(connection: Connection, close: CloseReason): void {
    this.delivery.attachment.detached(connection, close);
  }

  /** This node's connections that are pushed the room's events; a hint at who is in the room, which the store knows. */
  connectionsIn(roomId: string): Iterable<Connection> {
    return this.delivery.streams.get(roomId)?.topic.connections() ?? [];
  }

  /** Pushes a state of the room to this user's connections to this node, to each at its place among the room's events. */
  pushTo(userId: string, roomId: string, key: string, frame: OutboundFrame): void {
    this.delivery.attachment.pushState(userId, roomId, key, frame);
  }

  /** Pushes a state to those in the room on this node; every other node has to do so itself. */
  pushHere(roomId: string, state: RoomStatePush['state']): void {
    this.delivery.streams.get(roomId)?.pushState(state);
  }

  /** Whether somebody in the room is connected to this node. */
  hasAudience(roomId: string): boolean {
    return (this.delivery.streams.get(roomId)?.topic.subscriberCount ?? 0) > 0;
  }

  /** See `RecentEvents`. */
  after(roomId: string, seq: number, limit: number): RecentStretch | undefined {
    return this.delivery.streams.get(roomId)?.recent(seq, limit);
  }

  onApplicationShutdown(): void {
    this.delivery.stop();
  }
}
