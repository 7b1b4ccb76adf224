import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  Clock,
  type CloseReason,
  type Connection,
  type ConnectionObserver,
  ObservesConnections,
} from '../../../realtime/index.js';
import { PRESENCE_SETTINGS, type PresenceSettings } from '../presence.settings.js';
import { Announcer } from './announcer.js';
import { LeaseKeeper } from './lease-keeper.js';
import { LocalPresence } from './local-presence.js';

/** Announces the users of this node's connections. */
@Injectable()
@ObservesConnections()
export class LocalPresenceService implements ConnectionObserver, OnModuleInit, OnApplicationShutdown {
  private readonly local: LocalPresence;

  constructor(
    clock: Clock,
    private readonly announcer: Announcer,
    private readonly keeper: LeaseKeeper,
    @Inject(PRESENCE_SETTINGS) settings: PresenceSettings,
  ) {
    // The time of coming is stored too, so that a crash forgets no more than how long the user stayed.
    this.local = new LocalPresence(clock, settings, (userId, liveness, atMs) =>
      this.announcer.announce(userId, liveness, atMs),
    );
  }

  async onModuleInit(): Promise<void> {
    await this.keeper.start();
  }

  attached(connection: Connection): void {
    this.local.open(connection);
  }

  detached(connection: Connection, close: CloseReason): void {
    this.local.close(connection, close);
  }

  /** A node that stops leaves word for how long its users still count: they may be on their way to another. */
  async onApplicationShutdown(): Promise<void> {
    await this.keeper.stop();
    await this.announcer.leave(this.local.stop());
  }
}
