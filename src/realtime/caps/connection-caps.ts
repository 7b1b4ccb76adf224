import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Cancel } from '../clock/clock.js';
import { CLOSE } from '../connection/close.js';
import { ConnectionRegistry } from '../connection/connection-registry.js';
import type { Connection } from '../connection/connection.js';
import { type ConnectionObserver, ObservesConnections } from '../connection/connection-observer.js';
import { TopicBus } from '../fanout/topic-bus.js';
import { ConnectionDirectory, type ConnectionPlace } from './connection-directory.js';

/**
 * Holds the cap on each user's connections over all nodes: the oldest are closed, wherever they are. A word that is lost
 * on the way is said again with the user's next connection.
 */
@ObservesConnections()
@Injectable()
export class ConnectionCaps implements ConnectionObserver, OnModuleInit, OnModuleDestroy {
  private readonly cancels: Cancel[] = [];

  constructor(
    private readonly directory: ConnectionDirectory,
    private readonly connections: ConnectionRegistry,
    private readonly bus: TopicBus,
  ) {}

  async onModuleInit(): Promise<void> {
    this.cancels.push(
      this.directory.onExcess((place) => this.bus.publish(channelOf(place.nodeId), place)),
      await this.bus.subscribe(channelOf(this.directory.nodeId), (message) =>
        this.close(message as ConnectionPlace),
      ),
    );
  }

  onModuleDestroy(): void {
    for (const cancel of this.cancels) cancel();
  }

  attach({ id, principal }: Connection): Promise<undefined> {
    this.directory.enter(principal.userId, id);
    return Promise.resolve(undefined);
  }

  detached({ id, principal }: Connection): void {
    this.directory.leave(principal.userId, id);
  }

  private close({ connectionId }: ConnectionPlace): void {
    this.connections.get(connectionId)?.close({ code: CLOSE.replaced, reason: '' });
  }
}

function channelOf(nodeId: string): string {
  return `realtime:excess:${nodeId}`;
}
