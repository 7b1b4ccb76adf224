import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  Clock,
  type CloseReason,
  type Connection,
  type ConnectionObserver,
  ObservesConnections,
  type ReadyFields,
  TopicBus,
  Topics,
} from '../../../realtime/index.js';
import { LogReader } from '../log/index.js';
import { Delivery } from './delivery.js';
import { MembershipChanges } from './membership-changes.js';
import type { RecentEvents, RecentStretch } from './recent-events.js';

/** Pushes the rooms' logs to the connections of their members. */
@Injectable()
@ObservesConnections()
export class DeliveryService implements ConnectionObserver, OnApplicationShutdown, RecentEvents {
  private readonly logger = new Logger('Delivery');
  private readonly delivery: Delivery;
  readonly membershipChanges = new MembershipChanges();

  constructor(clock: Clock, log: LogReader, bus: TopicBus, topics: Topics) {
    const onTrouble = (roomId: string, err: unknown) =>
      this.logger.warn({ msg: 'the log could not be read; trying again', roomId, err });
    const { membershipChanges } = this;
    this.delivery = new Delivery({ clock, log, bus, topics, membershipChanges, onTrouble });
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

  /** See `RecentEvents`. */
  after(roomId: string, seq: number, limit: number): RecentStretch | undefined {
    return this.delivery.streams.get(roomId)?.recent(seq, limit);
  }

  onApplicationShutdown(): void {
    this.delivery.stop();
  }
}
