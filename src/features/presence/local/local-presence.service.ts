import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  type Cancel,
  Clock,
  type CloseReason,
  type Connection,
  type ConnectionObserver,
  ObservesConnections,
} from '../../../realtime/index.js';
import { type Liveness, PresenceLeases } from '../leases/index.js';
import { PRESENCE_SETTINGS, type PresenceSettings } from '../presence.settings.js';
import { Announcer } from './announcer.js';
import { LocalPresence } from './local-presence.js';

/** A lease survives two renewals that fail. */
const RENEWALS_PER_LEASE = 3;

/** Announces the users of this node's connections. */
@Injectable()
@ObservesConnections()
export class LocalPresenceService implements ConnectionObserver, OnApplicationShutdown {
  private readonly logger = new Logger('Presence');
  private readonly local: LocalPresence;
  private readonly cancelRenewal: Cancel;

  constructor(
    private readonly clock: Clock,
    private readonly leases: PresenceLeases,
    private readonly announcer: Announcer,
    @Inject(PRESENCE_SETTINGS) settings: PresenceSettings,
  ) {
    this.local = new LocalPresence(clock, settings, (...change) => this.onChange(...change));
    const renewalMs = leases.ttlMs / RENEWALS_PER_LEASE;
    this.cancelRenewal = clock.every(renewalMs, () => void this.renew());
  }

  attached(connection: Connection): void {
    this.local.open(connection);
  }

  detached(connection: Connection, close: CloseReason): void {
    this.local.close(connection, close);
  }

  /** A node that stops takes its users with it, grace or not: they were last seen now. */
  async onApplicationShutdown(): Promise<void> {
    this.cancelRenewal();
    this.local.stop();
    const nowMs = this.clock.now();
    for (const userId of this.local.all().keys()) this.announcer.announce(userId, undefined, nowMs);
    await this.announcer.flush();
    await this.leases.release();
  }

  /** The time of coming is stored too, so that a crash forgets no more than how long the user stayed. */
  private onChange(userId: string, liveness: Liveness | undefined, atMs: number): void {
    this.announcer.announce(userId, liveness, atMs);
  }

  private async renew(): Promise<void> {
    try {
      if (await this.leases.renew()) return;
      for (const [userId, liveness] of this.local.all()) this.announcer.announce(userId, liveness);
    } catch (err) {
      this.logger.warn({ err }, 'the lease could not be renewed; trying again');
    }
  }
}
